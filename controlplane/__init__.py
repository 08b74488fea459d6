"""Baremint: a control-plane simulator of IBM Cloud VPC bare metal servers."""

__version__ = "0.1.0"
