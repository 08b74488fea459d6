"""Links between compute resources and trusted profiles."""

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import Conflict, InvalidValue, NotFound, Target
from trustedprofiles import events
from trustedprofiles.limits import LINKS_PER_PROFILE, require_room
from trustedprofiles.models import ProfileLink, TrustedProfile
from trustedprofiles.services.revisions import lock_row


@transaction.atomic
def create_link(
    profile: TrustedProfile,
    *,
    cr_type: str,
    crn: str,
    by: Party,
    name: str = "",
    is_cross_account: bool = False,
    **part: str,
) -> ProfileLink:
    """Let a compute resource become the profile.

    ``part`` narrows it down for types other than BMS: namespace, resource_name, component_type, component_name.
    Raises InvalidValue for a CRN of another account unless ``is_cross_account``, Conflict when the link exists,
    NotFound when the profile is gone, OverQuota beyond 1000 links.
    """
    lock_row(profile)
    _check_account(profile, crn, is_cross_account=is_cross_account)
    require_room(
        profile.links,
        LINKS_PER_PROFILE,
        owner="A trusted profile",
        things="links",
        remedy="Delete one, or write a claim rule.",
    )
    now = clock.now()
    link = ProfileLink(
        id=ids.prefixed_id("link"),
        profile=profile,
        cr_type=cr_type,
        crn=crn,
        name=name,
        is_cross_account=is_cross_account,
        revision_hash=ids.hex_id(),
        created_at=now,
        modified_at=now,
        **part,
    )
    try:
        with transaction.atomic():
            link.save(force_insert=True)
    except IntegrityError:
        raise Conflict("The profile already has this link.", target=Target("link.crn")) from None
    _record(f"{events.LINK}.create", link, by=by, status=201)
    return link


@transaction.atomic
def link_server(profile: TrustedProfile, *, crn: str, name: str, by: Party) -> None:
    """Make sure that a link names the server, as ``auto_link`` asks for. An existing link suffices.

    Raises like ``create_link``.
    """
    lock_row(profile)
    if not profile.links.filter(cr_type=ProfileLink.CrType.BMS, crn=crn).exists():
        create_link(profile, cr_type=ProfileLink.CrType.BMS, crn=crn, name=name, by=by)


@transaction.atomic
def delete_link(link: ProfileLink, *, by: Party) -> None:
    """Stop trusting a compute resource. Issued tokens stay valid until they expire. Raises NotFound when it is gone."""
    if not _delete(link, by=by):
        raise NotFound("The link was deleted since it was read.")


@transaction.atomic
def delete_links(profile: TrustedProfile, *, cr_type: str, by: Party, **columns: str) -> int:
    """Delete a profile's links of one type that have these column values. Returns how many there were."""
    links = ProfileLink.objects.select_related("profile").filter(profile=profile, cr_type=cr_type, **columns)
    return sum(_delete(link, by=by) for link in links)


@transaction.atomic
def unlink_everything(crn: str, *, by: Party) -> int:
    """Delete all links of a compute resource, however they were created. Returns how many there were."""
    links = ProfileLink.objects.select_related("profile").filter(crn=crn)
    return sum(_delete(link, by=by) for link in links)


def _delete(link: ProfileLink, *, by: Party) -> bool:
    deleted, _ = ProfileLink.objects.filter(pk=link.pk).delete()
    if deleted:
        _record(f"{events.LINK}.delete", link, by=by, status=204)
    return bool(deleted)


def _check_account(profile: TrustedProfile, crn: str, *, is_cross_account: bool) -> None:
    target = Target("link.crn")
    try:
        account_id = Crn.parse(crn).account_id
    except ValueError as error:
        raise InvalidValue(f"link.crn is not a CRN. {error}", target=target) from None
    if account_id != profile.account_id and not is_cross_account:
        raise InvalidValue(
            "link.crn names a resource of another account than the profile's. Set is_cross_account to mean that.",
            target=target,
        )


def _record(event: str, link: ProfileLink, *, by: Party, status: int) -> None:
    data = {"link_id": link.id, "cr_type": link.cr_type, "crn": link.crn}
    events.record_change(event, link.profile, by=by, status=status, data=data)
