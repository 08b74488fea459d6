"""Preferences of trusted profiles: set, clear."""

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotFound
from trustedprofiles import events
from trustedprofiles.models import Preference, TrustedProfile
from trustedprofiles.services.revisions import lock_row


@transaction.atomic
def set_preference(
    profile: TrustedProfile, *, service: str, name: str, value: str | list[str], by: Party
) -> Preference:
    """Set a preference of a profile. Raises NotFound when the profile is gone."""
    lock_row(profile)
    preference, _ = Preference.objects.update_or_create(
        profile=profile, service=service, name=name, defaults={"value": value}
    )
    events.record_change(f"{events.PREFERENCE}.update", profile, by=by, data={"preference": f"{service}/{name}"})
    return preference


@transaction.atomic
def clear_preference(profile: TrustedProfile, *, service: str, name: str, by: Party) -> None:
    """Delete a preference of a profile. Raises NotFound when it is not set."""
    deleted, _ = profile.preferences.filter(service=service, name=name).delete()
    if not deleted:
        raise NotFound("This preference is not set.")
    events.record_change(
        f"{events.PREFERENCE}.delete", profile, by=by, status=204, data={"preference": f"{service}/{name}"}
    )
