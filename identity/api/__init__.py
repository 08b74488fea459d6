"""API keys and service IDs, as the IAM identity API has them. Under ``/_baremint/``, the certificates of
servers, for which IBM Cloud has no API."""
