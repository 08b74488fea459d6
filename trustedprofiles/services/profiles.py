"""Trusted profiles: create, change, delete."""

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.unique_names import unique_name
from trustedprofiles import events
from trustedprofiles.limits import PROFILES_PER_ACCOUNT, require_room
from trustedprofiles.models import Account, Policy, TrustedProfile
from trustedprofiles.services.group_members import forget_member
from trustedprofiles.services.naming import name_taken
from trustedprofiles.services.revisions import lock_account, lock_row, revise
from trustedprofiles.services.tags import forget


@transaction.atomic
def create_profile(account: Account, *, name: str, description: str = "", email: str = "", by: Party) -> TrustedProfile:
    """Make a trusted profile. Raises Conflict when the account has one of this name, OverQuota beyond 2000."""
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
    lock_account(account.id)
    require_room(account.trusted_profiles, PROFILES_PER_ACCOUNT, owner="An account", things="trusted profiles")
    with unique_name(TrustedProfile, name_taken("a trusted profile", name)):
        profile.save(force_insert=True)
    events.record_change(f"{events.PROFILE}.create", profile, by=by, status=201)
    return profile


@transaction.atomic
def update_profile(profile: TrustedProfile, *, changes: dict[str, str], by: Party) -> TrustedProfile:
    """Change ``name``, ``description`` or ``email``.

    Raises Conflict when the new name is taken, or when the profile changed since it was read.
    """
    with unique_name(TrustedProfile, name_taken("a trusted profile", changes.get("name", profile.name))):
        revise(profile, **changes, modified_at=clock.now())
    events.record_change(f"{events.PROFILE}.update", profile, by=by, data={"changed": sorted(changes)})
    return profile


@transaction.atomic
def delete_profile(profile: TrustedProfile, *, by: Party) -> None:
    """Delete a profile with its links, rules, identities, policies and memberships; exchanges stop at once.

    Raises NotFound when it is gone.
    """
    lock_row(profile)
    policies = Policy.objects.filter(account_id=profile.account_id, subject_iam_id=profile.iam_id.lower())
    contents = {
        "links": list(profile.links.values_list("id", flat=True)),
        "rules": list(profile.rules.values_list("id", flat=True)),
        "identities": list(profile.identities.values_list("identifier", flat=True)),
        "access_groups": forget_member(profile.account_id, profile.iam_id),
        "policies": [str(id) for id in policies.values_list("id", flat=True)],
    }
    events.record_change(f"{events.PROFILE}.delete", profile, by=by, status=204, data=contents)
    policies.delete()
    forget(profile.crn)
    profile.delete()
