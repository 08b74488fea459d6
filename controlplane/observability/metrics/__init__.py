"""What Prometheus is told: read from the database when it asks, so every replica says the same."""
