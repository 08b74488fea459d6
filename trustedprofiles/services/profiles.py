"""Trusted profiles: create, change, delete."""

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, Target
from trustedprofiles import events
from trustedprofiles.models import Account, Policy, TrustedProfile


@transaction.atomic
def create_profile(account: Account, *, name: str, description: str = "", email: str = "", by: Party) -> TrustedProfile:
    """Make a trusted profile. Raises Conflict when the account has one of this name."""
    now = clock.now()
    profile = TrustedProfile(
        id=ids.prefixed_id("Profile"),
        account=account,
        name=name,
        description=description,
        email=email,
        revision_hash=ids.hex_id(),
        created_at=now,
        modified_at=now,
    )
    _save(profile, force_insert=True)
    _record(events.PROFILE_CREATE, profile, by=by, status=201)
    return profile


@transaction.atomic
def update_profile(profile: TrustedProfile, *, changes: dict[str, str], by: Party) -> TrustedProfile:
    """Change ``name``, ``description`` or ``email``. Raises Conflict when the new name is taken."""
    for field, value in changes.items():
        setattr(profile, field, value)
    profile.revision += 1
    profile.revision_hash = ids.hex_id()
    profile.modified_at = clock.now()
    _save(profile)
    _record(events.PROFILE_UPDATE, profile, by=by)
    return profile


@transaction.atomic
def delete_profile(profile: TrustedProfile, *, by: Party) -> None:
    """Delete a profile with its links and its policies; exchanges stop at once."""
    _record(events.PROFILE_DELETE, profile, by=by, status=204)
    Policy.objects.filter(account_id=profile.account_id, subject_iam_id=profile.iam_id.lower()).delete()
    profile.delete()


def _save(profile: TrustedProfile, *, force_insert: bool = False) -> None:
    try:
        with transaction.atomic():
            profile.save(force_insert=force_insert)
    except IntegrityError:
        raise Conflict(
            f"The account already has a trusted profile named {profile.name}. Choose another name.",
            target=Target("name"),
        ) from None


def _record(event: str, profile: TrustedProfile, *, by: Party, status: int = 200) -> None:
    target = Party(profile.crn, profile.name, "TrustedProfile")
    record(event, initiator=by, target=target, account_id=profile.account_id, status=status)
