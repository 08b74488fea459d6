"""Django's PostgreSQL backend for a server that may be restarted or may stop responding."""
