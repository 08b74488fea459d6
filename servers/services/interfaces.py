"""Network interfaces of bare metal servers."""

import secrets


def mac_address() -> str:
    """Locally administered, unicast (IEEE 802, second bit of the first octet)."""
    return "02:" + ":".join(f"{octet:02x}" for octet in secrets.token_bytes(5))
