"""What an operator runs: the supervisor behind ``baremint up``, bootstrap, health."""
