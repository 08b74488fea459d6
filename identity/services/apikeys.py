"""API keys: the value is answered once and kept as a hash."""

import hashlib
import secrets

from django.db import transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, ids
from identity.models import ApiKey
from trustedprofiles.models import Account


@transaction.atomic
def create_api_key(account: Account, *, iam_id: str, name: str, by: Party) -> tuple[ApiKey, str]:
    """Make an API key for a subject. Returns the row and the value, which cannot be had again."""
    value, now = secrets.token_urlsafe(33), clock.now()
    key = ApiKey.objects.create(
        id=ids.prefixed_id("ApiKey"),
        account=account,
        iam_id=iam_id,
        name=name,
        sha256=hashlib.sha256(value.encode()).hexdigest(),
        revision_hash=ids.hex_id(),
        created_at=now,
        created_by=by.id,
        modified_at=now,
    )
    record(
        "iam-identity.user-apikey.create",
        initiator=by,
        target=Party(key.id, key.name, "ApiKey"),
        account_id=account.id,
        status=201,
    )
    return key, value
