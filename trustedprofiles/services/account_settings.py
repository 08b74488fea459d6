"""Settings of a whole account: read them with their defaults, and change them under an entity tag."""

from typing import Any

from django.db import transaction

from controlplane.activity.record import Party, record
from trustedprofiles.models import AccountWideSettings
from trustedprofiles.services.revisions import lock_account, revise


def settings_of(account_id: str, kind: str) -> AccountWideSettings:
    """Return the account's settings. Before any is set, this is an unsaved row with a stable entity tag."""
    row = AccountWideSettings.objects.filter(account_id=account_id, kind=kind).first()
    return row or AccountWideSettings(account_id=account_id, kind=kind, revision_hash=account_id)


def public_access_enabled(account_id: str) -> bool:
    """Return whether the account's Public Access group may have policies: true unless the account turned it off."""
    return bool(settings_of(account_id, AccountWideSettings.Kind.GROUPS).values.get("public_access_enabled", True))


@transaction.atomic
def change_settings(
    settings: AccountWideSettings, *, changes: dict[str, Any], event: str, by: Party
) -> AccountWideSettings:
    """Change some of the settings. Raises Conflict when they were changed since they were read."""
    if settings.pk is None:
        lock_account(settings.account_id)
        first = {"revision": 1, "revision_hash": settings.revision_hash}
        settings, _ = AccountWideSettings.objects.get_or_create(
            account_id=settings.account_id, kind=settings.kind, defaults=first
        )
        settings.revision = 1  # the revision that was read; a request in between wrote the next one
    names = sorted(name for name, value in changes.items() if settings.values.get(name) != value)
    if names:
        revise(settings, values=settings.values | changes)
    target = Party(settings.account_id, type="Account")
    record(event, initiator=by, target=target, account_id=settings.account_id, data={"changed": names})
    return settings
