"""Key Protect, the key management service ``kms``."""
