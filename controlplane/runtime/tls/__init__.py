"""Listening sockets that speak TLS with certificates of our own authority, chosen for each connection."""
