"""The version date of the APIs that Baremint names itself."""

API_VERSION = "2025-08-26"
"""In its own calls, in examples and in the environment of SDKs: the first version whose metadata service is at
``/identity``; the SDKs' own default asks for the path of virtual servers."""
