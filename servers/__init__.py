"""What exists: bare metal servers and the VPC resources around them."""
