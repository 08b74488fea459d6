"""Differences between earlier and later versions of the VPC API (contract, section 0.2).

The dates for the protocols of rules are in ``rule_requests``.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from controlplane.kernel.errors import ApiError, Refusals, Target
from servers.api.shared_responses import ImageRemote, PrimaryAddress, ReservedIPReference

PRIMARY_IP_SINCE = date(2022, 3, 29)
"""Versions before this date have the string ``primary_ipv4_address`` instead of ``primary_ip``."""
AUTOMATIC_SINCE = date(2024, 11, 19)
"""From this version on, new servers and new reservations have the affinity policy ``automatic`` by default."""
REMOTE_SINCE = date(2025, 6, 30)
"""Versions before this date have the image property ``owner_type`` instead of ``remote``."""
OF_AN_INTERFACE = re.compile(r"((?:primary_network_interface|network_interfaces\[\d+\])\.|^)primary_ip(\.address)?$")


def primary_address(ip: ReservedIPReference, version: date) -> PrimaryAddress:
    """Return the property that contains the address of a network interface in this version."""
    return {"primary_ip": ip} if version >= PRIMARY_IP_SINCE else {"primary_ipv4_address": ip["address"]}


def default_reservation_policy(version: date) -> str:
    """Return the ``reservation_affinity.policy`` of a new server whose body has none."""
    return "automatic" if version >= AUTOMATIC_SINCE else "disabled"


def remote(owner_id: str, account_id: str, version: date) -> ImageRemote | None:
    """Return ``remote``, with the account, for an image of an account other than the caller's; else None.

    Versions before ``remote`` was introduced always get None.
    """
    if version < REMOTE_SINCE or owner_id == account_id:
        return None
    return {"account": {"id": owner_id, "resource_type": "account"}}


def default_affinity_of_reservation(version: date) -> str:
    """Return the ``affinity_policy`` of a new reservation whose body has none."""
    return "automatic" if version >= AUTOMATIC_SINCE else "restricted"


@contextmanager
def refusing_in_words_of(version: date) -> Iterator[None]:
    """Use the version's property name for an interface's address in the refusals raised inside the block."""
    try:
        yield
    except ApiError as refusal:
        if version >= PRIMARY_IP_SINCE:
            raise
        for each in refusal.each:
            each.target = each.target and _renamed(each.target)
        raise Refusals(refusal.each) from refusal


def _renamed(target: Target) -> Target:
    return replace(target, name=OF_AN_INTERFACE.sub(r"\1primary_ipv4_address", target.name))
