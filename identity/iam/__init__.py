"""Door 2: the IAM token service, for everyone."""
