"""The VPC API: bare metal servers and the VPC resources around them."""
