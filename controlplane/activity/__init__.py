"""What happened: one event for every operation, kept where it cannot be changed."""
