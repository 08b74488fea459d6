"""API keys and service IDs, as the IAM identity API has them."""
