"""Addresses and ranges: the next free address or range, and the loopback address of each server."""

import ipaddress
import secrets
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

# Loopback attachment: server number n is reached at 127.64.0.0 + n. Numbers are never reused.
LOOPBACK_NETWORK = ipaddress.IPv4Network("127.64.0.0/10")


def loopback_address(number: int) -> str:
    """Return the address of server ``number``. Raises ValueError when the network is exhausted."""
    address = LOOPBACK_NETWORK.network_address + number
    if not 0 < number < LOOPBACK_NETWORK.num_addresses - 1:
        raise ValueError(f"Server number {number} has no address in {LOOPBACK_NETWORK}.")
    return str(address)


@lru_cache(maxsize=10_000)
def server_number(address: str) -> int | None:
    """Return the number of the server with this loopback address; None for any other address."""
    try:
        ip = ipaddress.IPv4Address(address)
    except ValueError:
        return None
    if ip not in LOOPBACK_NETWORK:
        return None
    return int(ip) - int(LOOPBACK_NETWORK.network_address) or None


def usable(cidr: str) -> Iterator[str]:
    """Return the addresses of a subnet that servers may get, lowest first.

    Five are reserved: network, gateway, two reserved, broadcast (VPC docs, "Designing an addressing plan").
    """
    network = ipaddress.IPv4Network(cidr)
    for offset in range(4, network.num_addresses - 1):
        yield str(network.network_address + offset)


def contains(cidr: str, address: str) -> bool:
    """Return whether the subnet contains this address, free or not."""
    return ipaddress.IPv4Address(address) in ipaddress.IPv4Network(cidr)


def next_free(cidr: str, taken: Collection[str]) -> str | None:
    """Return the lowest free address of a subnet, or None when it is full."""
    return next((address for address in usable(cidr) if address not in taken), None)


# --- Ranges: address prefixes and subnets ------------------------------------------------------------------------

RESERVED_RANGES = ("127.0.0.0/8", "161.26.0.0/16", "166.8.0.0/14", "169.254.0.0/16", "224.0.0.0/4")
"""Ranges that no address prefix may overlap (VPC API reference, "Create an address prefix for a VPC")."""
LARGEST_RANGE, SMALLEST_RANGE = 2**23, 2**3
"""The sizes of /9 and /29, in addresses: the limits of prefixes and subnets."""


def is_address(text: str) -> bool:
    """Return whether the text is an IPv4 address; PostgreSQL compares addresses only with addresses."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def range_problem(cidr: str) -> str | None:
    """Return the problem with a range in a request, as the end of a sentence; None when the range is valid."""
    try:
        network = ipaddress.IPv4Network(cidr, strict=False)
    except ValueError:
        return "must be an IPv4 range in CIDR format, such as 10.240.0.0/24."
    if not SMALLEST_RANGE <= network.num_addresses <= LARGEST_RANGE:
        return "must have a prefix length from /9 to /29."
    if cidr != str(network):
        return f"must be written as {network}: without anything behind the prefix length, the host bits zero."
    return None


def destination_problem(cidr: str) -> str | None:
    """Return the problem with the destination of a route, like ``range_problem``; any prefix length is allowed."""
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError:
        return "must be an IPv4 range in CIDR format with host bits of zero, such as 10.240.0.0/24."
    return None if cidr == str(network) else f"must be written as {network}."


def size_of(cidr: str) -> int:
    """Return how many addresses a range has."""
    return ipaddress.IPv4Network(cidr).num_addresses


def is_within(inner: str, outer: str) -> bool:
    """Return whether all addresses of one range are in the other."""
    return ipaddress.IPv4Network(inner).subnet_of(ipaddress.IPv4Network(outer))


def first_overlap(cidr: str, others: Iterable[str]) -> str | None:
    """Return the first of the other ranges that overlaps this one."""
    network = ipaddress.IPv4Network(cidr)
    return next((other for other in others if network.overlaps(ipaddress.IPv4Network(other))), None)


def first_free_range(within: str, *, size: int, taken: Iterable[str]) -> str | None:
    """Return the lowest range of ``size`` addresses, a power of two, that overlaps none of ``taken``.

    Returns None when there is no such range.
    """
    start, end = _bounds(within)
    for low, high in sorted(_bounds(each) for each in taken):
        if start + size <= low:
            break
        start = max(start, -(-high // size) * size)  # the next multiple of size, where such a range may begin
    return f"{ipaddress.IPv4Address(start)}/{33 - size.bit_length()}" if start + size <= end else None


def _bounds(cidr: str) -> tuple[int, int]:
    """Return the first address, and the address after the last one."""
    network = ipaddress.IPv4Network(cidr)
    return int(network.network_address), int(network.broadcast_address) + 1


def mac_address() -> str:
    """Return a random MAC address: locally administered, unicast (IEEE 802, second bit of the first octet)."""
    return "02:" + ":".join(f"{octet:02x}" for octet in secrets.token_bytes(5))
