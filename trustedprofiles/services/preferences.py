"""Preferences of trusted profiles: set, clear."""

from django.db import transaction

from controlplane.activity.record import Party, record
from controlplane.kernel.errors import NotFound
from trustedprofiles import events
from trustedprofiles.models import Preference, TrustedProfile
from trustedprofiles.services.profiles import lock_profile


@transaction.atomic
def set_preference(
    profile: TrustedProfile, *, service: str, name: str, value: str | list[str], by: Party
) -> Preference:
    """Raises NotFound when the profile is gone."""
    lock_profile(profile)
    preference, _ = Preference.objects.update_or_create(
        profile=profile, service=service, name=name, defaults={"value": value}
    )
    _record(f"{events.PREFERENCE}.update", profile, f"{service}/{name}", by=by, status=200)
    return preference


@transaction.atomic
def clear_preference(profile: TrustedProfile, *, service: str, name: str, by: Party) -> None:
    """Raises NotFound when it is not set."""
    deleted, _ = profile.preferences.filter(service=service, name=name).delete()
    if not deleted:
        raise NotFound("This preference is not set.")
    _record(f"{events.PREFERENCE}.delete", profile, f"{service}/{name}", by=by, status=204)


def _record(event: str, profile: TrustedProfile, preference: str, *, by: Party, status: int) -> None:
    target = Party(profile.crn, profile.name, "TrustedProfile")
    data = {"preference": preference}
    record(event, initiator=by, target=target, account_id=profile.account_id, status=status, data=data)
