"""VPC REST, ``/v1``."""
