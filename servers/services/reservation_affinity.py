"""The reservations that servers use: attached and detached so that none is used beyond its capacity.

A function that changes this locks the account first, and then the server, if it exists.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet

from controlplane.activity.record import SYSTEM, Party
from servers import reserved_capacity as rules
from servers.events import RESERVATION, record_change
from servers.models import BareMetalServer, Reservation
from servers.selectors import account_tally
from servers.services.references import References

POOL = "reservation_affinity.pool[0]"


@dataclass(frozen=True)
class ReservationAffinity:
    """The affinity in a request: a policy, and a pool of reservation ids; None stands for an absent property."""

    policy: str | None = None
    pool: Sequence[str] | None = None


@dataclass(frozen=True)
class Placement:
    """The affinity that a server gets: its policy, the reservation in its pool, and the one that it uses."""

    policy: str
    pool: Reservation | None = None
    used: Reservation | None = None

    def apply(self, server: BareMetalServer) -> None:
        """Set the affinity on a row."""
        server.reservation_affinity_policy = self.policy
        server.reservation_pool = self.pool
        server.deleted_reservation = None
        server.reservation = self.used


def place_new(
    server: BareMetalServer, affinity: ReservationAffinity | None, *, default: str, references: References
) -> Placement:
    """Return the placement of a new server whose account, region, zone and profile are known.

    ``default`` is the policy when the request names none. Problems of the request are noted.
    """
    placement = Placement(default)
    with references.noting():
        affinity = affinity or ReservationAffinity()
        policy, pool = rules.affinity(affinity.policy, affinity.pool, default=default)
        pooled = _in_pool(server, pool[0], references) if pool else None
        reservation = pooled if pool else _unused(server) if policy == rules.AUTOMATIC else None
        placement = Placement(policy, pooled, reservation)
    return placement


def place_again(server: BareMetalServer, affinity: ReservationAffinity) -> Placement | None:
    """Return the new placement of an existing, locked server; None when nothing changes.

    Raises Refusals, InvalidValue for policy and pool that do not match.
    """
    pooled = server.reservation_pool
    deleted_id = server.deleted_reservation["id"] if server.deleted_reservation else None
    present = [pooled.id] if pooled else [deleted_id] if deleted_id else []
    policy, pool = rules.affinity(
        affinity.policy, affinity.pool, default=server.reservation_affinity_policy, present=present
    )
    if (policy, list(pool)) == (server.reservation_affinity_policy, present):
        return None
    references = References()
    reservation = _in_pool(server, pool[0], references) if pool else None
    references.settle()
    unused = _unused(server) if policy == rules.AUTOMATIC else None
    return Placement(policy, reservation, reservation or unused)


def attach(server: BareMetalServer, *, by: Party) -> None:
    """Record that a saved server uses its reservation."""
    if server.reservation:
        _record("attach", server.reservation, server, by=by)


def detach(server: BareMetalServer, reservation: Reservation, *, by: Party) -> None:
    """Record that a saved or deleted server no longer uses this reservation, and fill the place that it leaves."""
    _record("detach", reservation, server, by=by)
    fill(reservation)


def fill(reservation: Reservation) -> None:
    """Attach servers that use reservations automatically, the oldest first, while there is capacity."""
    if (reservation.status, reservation.affinity_policy) != (rules.ACTIVE, rules.AUTOMATIC):
        return
    free = reservation.total - reservation.servers.count()
    for server in _waiting(reservation).order_by("number")[:free]:
        # Its deletion may have begun meanwhile: the account is locked, the server is not.
        count = _waiting(reservation).filter(pk=server.pk).update(reservation=reservation, revision=F("revision") + 1)
        if count:
            _record("attach", reservation, server, by=SYSTEM)


def release(reservation: Reservation) -> None:
    """Detach all servers of an expired reservation; those with the automatic policy look for another one."""
    for server in list(reservation.servers.order_by("number")):
        other = _unused(server) if server.reservation_affinity_policy == rules.AUTOMATIC else None
        BareMetalServer.objects.filter(pk=server.pk).update(reservation=other, revision=F("revision") + 1)
        _record("detach", reservation, server, by=SYSTEM)
        if other:
            _record("attach", other, server, by=SYSTEM)


def servers_in_quota(account_id: str) -> int:
    """Return how much of the quota of servers an account uses.

    These are the servers without a reservation, and the reserved capacity. Servers that will use a reservation as soon
    as it is active are not counted in addition to it.
    """
    count = account_tally(account_id)
    reservations = list(
        Reservation.objects.filter(account_id=account_id, profile_type=rules.BARE_METAL, status__in=rules.HELD)
    )
    if not reservations:
        return count
    attached = BareMetalServer.objects.filter(account_id=account_id, reservation__isnull=False).count()
    return count - attached + sum(each.total for each in reservations) - _expected(reservations)


def _expected(held: Sequence[Reservation]) -> int:
    """Return how many servers will use those of the reservations that are not active yet."""
    room: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Reservation] = {}
    for each in held:
        if each.affinity_policy == rules.AUTOMATIC and each.status in (rules.INACTIVE, rules.ACTIVATING):
            room[each.zone, each.profile] += each.total
            first.setdefault((each.zone, each.profile), each)
    return sum(min(total, _suited(first[place]).count()) for place, total in room.items())


def _waiting(reservation: Reservation) -> QuerySet[BareMetalServer]:
    """Return the servers that match a reservation and may be attached to it."""
    return _suited(reservation).exclude(status=BareMetalServer.Status.DELETING)


def _suited(reservation: Reservation) -> QuerySet[BareMetalServer]:
    """Return the servers that match this reservation: they use reservations automatically and have none."""
    return BareMetalServer.objects.filter(
        account_id=reservation.account_id,
        region=reservation.region,
        zone=reservation.zone,
        profile=reservation.profile,
        reservation_affinity_policy=rules.AUTOMATIC,
        reservation=None,
    )


def _unused(server: BareMetalServer) -> Reservation | None:
    """Return the oldest reservation with free capacity that the server may use automatically."""
    suitable = Reservation.objects.filter(
        account_id=server.account_id,
        region=server.region,
        zone=server.zone,
        profile=server.profile,
        profile_type=rules.BARE_METAL,
        status=rules.ACTIVE,
        affinity_policy=rules.AUTOMATIC,
    )
    free = suitable.annotate(used=Count("servers")).filter(used__lt=F("total"))
    return free.order_by("number").first()


def _in_pool(server: BareMetalServer, id: str, references: References) -> Reservation | None:
    """Return the reservation that a server names; its problems are noted."""
    rows = Reservation.objects.filter(account_id=server.account_id, region=server.region)
    reservation = references.find(POOL, rows.filter(id=id).first())
    if reservation is None:
        return None
    name = f"The reservation {reservation.name}"
    suits = (reservation.profile_type, reservation.profile, reservation.zone) == (
        rules.BARE_METAL,
        server.profile,
        server.zone,
    )
    references.require(suits, POOL, f"{name} is for {reservation.profile} in {reservation.zone}.")
    references.require(reservation.status == rules.ACTIVE, POOL, f"{name} is {reservation.status}; it must be active.")
    restricted = reservation.affinity_policy == rules.RESTRICTED
    references.require(restricted, POOL, f"{name} is automatic, and cannot be named; it must be restricted.")
    count = reservation.servers.exclude(pk=server.pk).count()
    if count >= reservation.total:
        references.add([rules.no_capacity(POOL)])
    return reservation


def _record(verb: str, reservation: Reservation, server: BareMetalServer, *, by: Party) -> None:
    data = {"bare_metal_server": {"id": server.id, "crn": server.crn, "name": server.name}}
    record_change(f"{RESERVATION}.{verb}", reservation, by=by, data=data)
