"""The domain's clock. Its setting is in the database, so that all processes on all machines have the same time."""
