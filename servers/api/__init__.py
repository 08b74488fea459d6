"""The VPC REST API under ``/v1``."""
