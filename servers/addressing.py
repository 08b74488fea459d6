"""Addresses: the next free one of a subnet, and each server's own loopback address."""

import ipaddress
from collections.abc import Collection, Iterator
from functools import lru_cache

# Loopback attachment: server number n is reached at 127.64.0.0 + n. Numbers are never reused.
LOOPBACK_NETWORK = ipaddress.IPv4Network("127.64.0.0/10")


def loopback_address(number: int) -> str:
    """The address of server ``number``. Raises ValueError when the network is exhausted."""
    address = LOOPBACK_NETWORK.network_address + number
    if not 0 < number < LOOPBACK_NETWORK.num_addresses - 1:
        raise ValueError(f"Server number {number} has no address in {LOOPBACK_NETWORK}.")
    return str(address)


@lru_cache(maxsize=10_000)
def server_number(address: str) -> int | None:
    """The server whose loopback address this is, or None when it is not one."""
    try:
        parsed = ipaddress.IPv4Address(address)
    except ValueError:
        return None
    if parsed not in LOOPBACK_NETWORK:
        return None
    return int(parsed) - int(LOOPBACK_NETWORK.network_address) or None


def usable(cidr: str) -> Iterator[str]:
    """The addresses of a subnet that may be handed out, lowest first.

    Five never are: network, gateway, two reserved, broadcast (VPC docs, "Designing an addressing plan").
    """
    network = ipaddress.IPv4Network(cidr)
    for offset in range(4, network.num_addresses - 1):
        yield str(network.network_address + offset)


def contains(cidr: str, address: str) -> bool:
    """Whether the subnet has this address, free or not."""
    return ipaddress.IPv4Address(address) in ipaddress.IPv4Network(cidr)


def next_free(cidr: str, taken: Collection[str]) -> str | None:
    """The lowest free address of a subnet, or None when it is full."""
    return next((address for address in usable(cidr) if address not in taken), None)
