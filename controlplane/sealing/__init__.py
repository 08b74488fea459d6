"""Secrets at rest: encrypted under a key-encryption key (KEK) that never enters the database."""
