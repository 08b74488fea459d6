"""The processes of ``baremint up``: started together, watched, and stopped together."""
