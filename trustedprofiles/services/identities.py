"""Profile identities: the identities that may become a trusted profile by the assume grant."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from django.db import transaction
from django.db.models import F

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import InvalidValue, OverQuota, ReferenceNotFound, Target
from trustedprofiles import events
from trustedprofiles.limits import IDENTITIES_PER_PROFILE, require_room
from trustedprofiles.models import ProfileIdentity, ServiceId, TrustedProfile
from trustedprofiles.services.revisions import delete_row, revise


@dataclass(frozen=True)
class IdentityContent:
    type: str
    identifier: str
    """IAM id of a user, id of a service ID, or CRN of a service's resource."""
    accounts: list[str] = field(default_factory=list)
    """The accounts that a user may come from; an empty list stands for the profile's own account."""
    description: str = ""


@transaction.atomic
def replace_identities(
    profile: TrustedProfile, *, identities: Sequence[IdentityContent], by: Party
) -> list[ProfileIdentity]:
    """Trust these identities and no others.

    Raises OverQuota for too many, InvalidValue or ReferenceNotFound for an identifier that is not valid, Conflict when
    the profile was changed since it was read.
    """
    unique = {(each.type, each.identifier): each for each in identities}
    if len(unique) > IDENTITIES_PER_PROFILE:
        raise OverQuota(f"A trusted profile has at most {IDENTITIES_PER_PROFILE} identities.")
    _lock_service_ids(profile, identities)
    _revise(profile)
    profile.identities.all().delete()
    rows = [_save(profile, each, f"identities[{number}]") for number, each in enumerate(unique.values())]
    _record(f"{events.IDENTITY}.update", profile, rows, by=by)
    return rows


@transaction.atomic
def set_identity(profile: TrustedProfile, *, identity: IdentityContent, by: Party) -> ProfileIdentity:
    """Trust one more identity, or replace its accounts and description. Raises like ``replace_identities``."""
    others = profile.identities.exclude(type=identity.type, identifier=identity.identifier)
    require_room(others, IDENTITIES_PER_PROFILE, owner="A trusted profile", things="identities")
    _lock_service_ids(profile, [identity])
    _revise(profile)
    profile.identities.filter(type=identity.type, identifier=identity.identifier).delete()
    row = _save(profile, identity, "")
    _record(f"{events.IDENTITY}.create", profile, [row], by=by)
    return row


@transaction.atomic
def delete_identity(identity: ProfileIdentity, *, by: Party) -> None:
    """Stop trusting an identity. Raises NotFound when it is gone, Conflict when the profile was changed meanwhile."""
    delete_row(identity, name="identity")
    _revise(identity.profile)
    _record(f"{events.IDENTITY}.delete", identity.profile, [identity], by=by, status=204)


@transaction.atomic
def forget_identity(iam_id: str) -> list[str]:
    """Remove a deleted identity from all profiles. Returns the ids of the profiles that trusted it.

    Call it in the transaction that deletes the identity.
    """
    rows = ProfileIdentity.objects.filter(iam_id=iam_id)
    profiles = TrustedProfile.objects.filter(id__in=rows.values("profile_id"))
    profile_ids = sorted(profiles.values_list("id", flat=True))
    for id in profile_ids:
        TrustedProfile.objects.filter(id=id).update(
            revision=F("revision") + 1, revision_hash=ids.hex_id(), modified_at=clock.now()
        )
    rows.delete()
    return profile_ids


def _lock_service_ids(profile: TrustedProfile, identities: Sequence[IdentityContent]) -> None:
    """Keep service IDs from being deleted until the transaction ends. They are locked in one order, and before the
    profile, as in ``delete_service_id``."""
    ids = [each.identifier for each in identities if each.type == ProfileIdentity.Type.SERVICE_ID]
    rows = ServiceId.objects.select_for_update(no_key=True).filter(account_id=profile.account_id, id__in=ids)
    list(rows.order_by("id"))


def _revise(profile: TrustedProfile) -> None:
    """Write the next revision of the profile, whose entity tag is that of its identities too: of two writers that read
    the same one, only the first succeeds."""
    revise(profile, modified_at=clock.now())


def _save(profile: TrustedProfile, content: IdentityContent, path: str) -> ProfileIdentity:
    return ProfileIdentity.objects.create(
        profile=profile,
        iam_id=_iam_id(profile, content, Target(f"{path}.identifier".lstrip("."))),
        created_at=clock.now(),
        **asdict(content),
    )


def _iam_id(profile: TrustedProfile, content: IdentityContent, target: Target) -> str:
    """Return the IAM id that the identity's token carries. A user is not looked up.

    Raises ReferenceNotFound for a service ID that the profile's account does not have, InvalidValue for an identifier
    of the wrong form.
    """
    identifier = content.identifier
    if content.type == ProfileIdentity.Type.SERVICE_ID:
        service_id = ServiceId.objects.filter(account_id=profile.account_id, id=identifier).first()
        if service_id is None:
            raise ReferenceNotFound("There is no service ID of this id in the profile's account.", target=target)
        return service_id.iam_id
    if content.type == ProfileIdentity.Type.CRN:
        try:
            Crn.parse(identifier)
        except ValueError as error:
            raise InvalidValue(f"The identifier of an identity of type crn is a CRN. {error}", target=target) from None
        return f"crn-{identifier}"
    if not identifier.startswith("IBMid-"):
        raise InvalidValue("The identifier of a user is an IAM id, IBMid-....", target=target)
    return identifier


def _record(
    event: str, profile: TrustedProfile, rows: Sequence[ProfileIdentity], *, by: Party, status: int = 200
) -> None:
    identities = [{"type": row.type, "identifier": row.identifier} for row in rows]
    events.record_change(event, profile, by=by, status=status, data={"identities": identities})
