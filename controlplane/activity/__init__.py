"""What happened: one event for every operation, kept where nobody can change it."""
