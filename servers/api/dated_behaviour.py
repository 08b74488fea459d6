"""What the VPC API says differently in earlier versions (contract, section 0.2).

Protocols of rules (``rule_fields``) have their date where they are said.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from controlplane.kernel.errors import ApiError, Refusals, Target
from servers.api.shared_responses import ImageRemote, PrimaryAddress, ReservedIPReference

PRIMARY_IP_SINCE = date(2022, 3, 29)
"""Earlier versions say with ``primary_ipv4_address``, a string, what later ones say with ``primary_ip``."""
AUTOMATIC_SINCE = date(2024, 11, 19)
"""A new server uses reservations by itself since then, and a new reservation may be used so, unless told otherwise."""
REMOTE_SINCE = date(2025, 6, 30)
"""Earlier versions say with ``owner_type`` of an image what later ones say with ``remote``."""
OF_AN_INTERFACE = re.compile(r"((?:primary_network_interface|network_interfaces\[\d+\])\.|^)primary_ip(\.address)?$")


def primary_address(ip: ReservedIPReference, version: date) -> PrimaryAddress:
    """The property of a network interface that says its address."""
    return {"primary_ip": ip} if version >= PRIMARY_IP_SINCE else {"primary_ipv4_address": ip["address"]}


def default_reservation_policy(version: date) -> str:
    """``reservation_affinity.policy`` of a new server whose body says nothing of it."""
    return "automatic" if version >= AUTOMATIC_SINCE else "disabled"


def remote(owner_id: str, account_id: str, version: date) -> ImageRemote | None:
    """What is said of an image that belongs to another account than the caller's: ``remote`` with its account."""
    if version < REMOTE_SINCE or owner_id == account_id:
        return None
    return {"account": {"id": owner_id, "resource_type": "account"}}


def default_affinity_of_reservation(version: date) -> str:
    """``affinity_policy`` of a new reservation whose body says nothing of it."""
    return "automatic" if version >= AUTOMATIC_SINCE else "restricted"


@contextmanager
def refusing_in_words_of(version: date) -> Iterator[None]:
    """Refusals of a network interface's address name the property that the version has for it."""
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
