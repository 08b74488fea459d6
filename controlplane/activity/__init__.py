"""Activity events: one event for every operation, append-only."""
