"""The instances of IAM-enabled services that accounts own."""
