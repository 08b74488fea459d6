"""Django's backend of PostgreSQL, for a server that may be restarted, or take questions and not answer them."""
