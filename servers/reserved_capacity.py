"""Reservations as data: their statuses, their terms, and which servers may use them.

A reservation reserves capacity of one profile in one zone, from its activation to the end of its term (VPC API,
reservations; "About Reservations for VPC").
"""

import re
from collections.abc import Sequence
from datetime import datetime

from controlplane.kernel.errors import Conflict, InvalidValue, Target

AUTOMATIC, RESTRICTED = "automatic", "restricted"
"""Affinity policies of reservations: any matching server uses it, or only servers that name it."""
MANUAL, DISABLED = "manual", "disabled"
"""Affinity policies of servers, besides ``automatic``: the server uses the reservation that it names, or none."""
BARE_METAL, VIRTUAL = "bare_metal_server_profile", "instance_profile"
RELEASE, RENEW = "release", "renew"

INACTIVE, ACTIVATING, ACTIVE = "inactive", "activating", "active"
DEACTIVATING, EXPIRED, FAILED = "deactivating", "expired", "failed"
HELD = (INACTIVE, ACTIVATING, ACTIVE, DEACTIVATING)
"""The statuses in which a reservation counts against the quota of the resources that it reserves."""
DELETABLE = frozenset({INACTIVE, EXPIRED, FAILED})
CAPACITY = {
    INACTIVE: "unallocated",
    ACTIVATING: "allocating",
    ACTIVE: "allocated",
    DEACTIVATING: "allocated",
    EXPIRED: "unallocated",
    FAILED: "unallocated",
}
"""``capacity.status`` in each status."""
LIFECYCLE = {
    INACTIVE: "stable",
    ACTIVATING: "updating",
    ACTIVE: "stable",
    DEACTIVATING: "updating",
    EXPIRED: "stable",
    FAILED: "failed",
}
"""``lifecycle_state`` in each status."""
ALWAYS_CHANGEABLE = frozenset({"name", "expiration_policy"})
"""The properties that may change in an active reservation too; the others only in an inactive one."""
PATHS = {
    "total": "capacity.total",
    "term": "committed_use.term",
    "expiration_policy": "committed_use.expiration_policy",
    "profile": "profile.name",
    "profile_type": "profile.resource_type",
}
"""The paths in requests of properties that have another name in the model."""

CANNOT_ACTIVATE = {"cannot_activate_no_capacity_available": "The zone has no capacity for the reservation."}
CANNOT_RENEW = {"cannot_renew_unsupported_profile_term": "The profile is not offered for the term any more."}
HEALTH_REASONS = {
    "reservation_deleted": "The reservation affinity pool has a deleted reservation.",
    "reservation_expired": "The reservation affinity pool has an expired reservation.",
}
YEARS = {"one_year": 1, "three_year": 3}
VIRTUAL_PROFILE = re.compile(r"[a-z]{1,2}[0-9][a-z]{0,2}-(?P<vcpus>[1-9][0-9]{0,3})x[1-9][0-9]*(x[0-9a-z]+)*(-[a-z]+)?")
"""The names of profiles of virtual servers, such as ``cx2-2x4``; they are not in the catalog."""


def end_of_term(start: datetime, term: str) -> datetime:
    """Return the same day and time after the term; 28 February for a leap day."""
    year = start.year + YEARS[term]
    try:
        return start.replace(year=year)
    except ValueError:
        return start.replace(year=year, day=28)


def vcpus(profile: str) -> int | None:
    """Return the number of vCPUs of a profile of virtual servers, from its name; None for any other name."""
    match = VIRTUAL_PROFILE.fullmatch(profile)
    return int(match["vcpus"]) if match else None


def require_changeable(status: str, changes: Sequence[str]) -> None:
    """Check that a reservation in this status can change these properties. Raises Conflict."""
    changeable = ALWAYS_CHANGEABLE if status in (INACTIVE, ACTIVATING, ACTIVE) else frozenset({"name"})
    fixed = [change for change in changes if change not in changeable]
    if fixed and status != INACTIVE:
        path = PATHS.get(fixed[0], fixed[0])
        raise status_conflict(f"{path} cannot be changed while the reservation is {status}.", path=path)


def status_conflict(message: str, *, path: str = "") -> Conflict:
    return Conflict(message, code="reservation_status_conflict", target=Target(path) if path else None)


def no_capacity(path: str) -> Conflict:
    message = "The reservation affinity pool has no available capacity."
    return Conflict(message, code="reservation_capacity_unavailable", target=Target(path))


def affinity(
    policy: str | None, pool: Sequence[str] | None, *, default: str, present: Sequence[str] = ()
) -> tuple[str, Sequence[str]]:
    """Return the policy and the pool that a server gets for a request; None stands for an absent property.

    ``default`` is the policy otherwise, and ``present`` the pool for it. Raises InvalidValue when policy and pool do
    not match: ``manual`` needs one reservation, and the other policies none.
    """
    effective = policy or (MANUAL if pool else default)
    if pool is None:
        pool = present if effective == default else ()
    if effective == MANUAL and len(pool) != 1:
        raise _pool_refused("needs one reservation in the pool, when the policy is manual.")
    if effective != MANUAL and pool:
        raise _pool_refused(f"needs an empty pool, when the policy is {effective}.")
    return effective, pool


def _pool_refused(message: str) -> InvalidValue:
    return InvalidValue(f"reservation_affinity {message}", target=Target("reservation_affinity.pool"))


def health_reason(*, pooled: str, deleted: bool) -> str:
    """Return the code of the problem with a server's pool; empty without a problem.

    ``pooled`` is the status of the reservation in the pool, empty without one.
    """
    if deleted:
        return "reservation_deleted"
    return "reservation_expired" if pooled == EXPIRED else ""
