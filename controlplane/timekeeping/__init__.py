"""The domain's clock: kept in the database, so that all processes on all machines have the same time."""
