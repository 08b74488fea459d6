"""The IAM token service, which any client may call."""
