"""Metrics for Prometheus. They are read from the database at each request, so all replicas report the same."""
