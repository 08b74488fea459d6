"""Reservations: created, changed, activated, deleted. ``reservation_terms`` has the steps that depend on time."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Target
from servers import catalog, events, quotas
from servers import reserved_capacity as rules
from servers.events import record_change
from servers.models import Reservation
from servers.services.naming import group_for, random_name, save_named
from servers.services.references import References
from servers.services.reservation_affinity import servers_in_quota
from servers.services.row_locks import lock_row
from servers.services.transitions import transition_time
from trustedprofiles.models import Account
from trustedprofiles.services.tags import forget


@transaction.atomic
def create_reservation(
    account: Account,
    *,
    region: str,
    zone: str,
    profile: str,
    profile_type: str,
    total: int,
    term: str,
    expiration_policy: str = rules.RELEASE,
    affinity_policy: str = rules.AUTOMATIC,
    name: str = "",
    resource_group: str = "",
    by: Party,
) -> Reservation:
    """Create an inactive reservation of ``total`` servers of a profile.

    Raises Refusals for what does not exist, NotUnique, OverQuota: the reserved capacity counts like servers.
    """
    lock_row(account)
    references = References()
    references.find("zone", zone if zone in catalog.regions()[region].zones else None)
    _check_profile(profile, profile_type, region, references)
    with references.noting():
        group = group_for(account, resource_group)
    references.settle()
    reservation = Reservation(
        id=ids.zonal_id(zone),
        name=name or random_name(),
        account=account,
        resource_group=group,
        region=region,
        zone=zone,
        profile=profile,
        profile_type=profile_type,
        total=total,
        term=term,
        expiration_policy=expiration_policy,
        affinity_policy=affinity_policy,
        created_at=clock.now(),
    )
    _save_in_quota(reservation)
    record_change(f"{events.RESERVATION}.create", reservation, by=by, status=201)
    return reservation


@transaction.atomic
def update_reservation(reservation: Reservation, changes: Mapping[str, Any], *, by: Party) -> Reservation:
    """Change columns: all of an inactive reservation, name and expiration policy of an active one.

    Raises Conflict for any other change, BadField for a profile that does not exist, NotUnique, OverQuota.
    """
    lock_row(reservation.account)
    reservation = lock_row(reservation)
    columns = {name: value for name, value in changes.items() if getattr(reservation, name) != value}
    rules.require_changeable(reservation.status, list(columns))
    for name, value in columns.items():
        setattr(reservation, name, value)
    if {"profile", "profile_type"} & columns.keys():
        references = References()
        _check_profile(reservation.profile, reservation.profile_type, reservation.region, references)
        references.settle()
    if {"total", "affinity_policy", "profile", "profile_type"} & columns.keys():
        _save_in_quota(reservation)
    else:
        save_named(reservation)
    record_change(f"{events.RESERVATION}.update", reservation, by=by)
    return reservation


@transaction.atomic
def activate_reservation(reservation: Reservation, *, by: Party) -> Reservation:
    """Begin the term of a reservation; its capacity is available when the activation ends.

    Raises Conflict unless it is inactive.
    """
    lock_row(reservation.account)
    reservation = lock_row(reservation)
    if reservation.status != rules.INACTIVE:
        raise rules.status_conflict(f"A reservation that is {reservation.status} cannot be activated.")
    now = clock.now()
    reservation.status = rules.ACTIVATING
    reservation.expires_at = rules.end_of_term(now, reservation.term)
    reservation.transition_due_at = now + transition_time()
    reservation.save(update_fields=["status", "expires_at", "transition_due_at"])
    record_change(f"{events.RESERVATION}.activate", reservation, by=by, status=202)
    return reservation


@transaction.atomic
def delete_reservation(reservation: Reservation, *, by: Party) -> None:
    """Delete a reservation; servers that name it keep its id, CRN and name. Raises Conflict while it is active."""
    lock_row(reservation.account)
    reservation = lock_row(reservation)
    if reservation.status not in rules.DELETABLE:
        raise rules.status_conflict(
            f"A reservation that is {reservation.status} cannot be deleted: it lasts until its term is over."
        )
    record_change(f"{events.RESERVATION}.delete", reservation, by=by, status=202)
    forget(reservation.crn)
    reservation.pools.update(
        reservation_pool=None,
        deleted_reservation={"id": reservation.id, "crn": reservation.crn, "name": reservation.name},
        revision=F("revision") + 1,
    )
    reservation.delete()


def _check_profile(profile: str, profile_type: str, region: str, references: References) -> None:
    """Check the profile. Any name of the right form is valid for virtual servers, which have no catalog here."""
    if profile_type == rules.VIRTUAL:
        references.find("profile.name", rules.vcpus(profile))
        return
    published = references.find("profile.name", catalog.profiles().get(profile))
    if published:
        is_offered = region in published.regions
        references.require_usable(is_offered, "profile.name", f"Profile {profile} is not offered in {region}.")


def _save_in_quota(reservation: Reservation) -> None:
    """Save a new or changed reservation, whose account is locked. Raises NotUnique, OverQuota."""
    kind = "bare_metal_servers" if reservation.profile_type == rules.BARE_METAL else "reserved_vcpus"
    before = _taken(kind, reservation)
    save_named(reservation)
    more = _taken(kind, reservation) - before
    if more > 0:
        at = Target("capacity.total")
        quotas.require_room(kind, taken=before, more=more, quotas=settings.BAREMINT_QUOTAS, target=at)


def _taken(kind: str, reservation: Reservation) -> int:
    if kind == "bare_metal_servers":
        return servers_in_quota(reservation.account_id)
    rows = Reservation.objects.filter(
        account=reservation.account_id,
        region=reservation.region,
        profile_type=rules.VIRTUAL,
        status__in=rules.HELD,
    )
    return sum((rules.vcpus(profile) or 0) * total for profile, total in rows.values_list("profile", "total"))
