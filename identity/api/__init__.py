"""API keys and service IDs, as the IAM identity API has them; certificates, which are ours, under ``/_baremint/``."""
