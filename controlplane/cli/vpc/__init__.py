"""The commands of ``baremint is``: those of IBM's command line for bare metal servers (IBM's VPC CLI reference)."""
