"""Aliases of keys (Key Protect contract, section 2.4)."""

from collections.abc import Iterable
from datetime import datetime

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.keyprotect import events
from controlplane.keyprotect.errors import AliasNotFound, AliasNotUnique, AliasQuota
from controlplane.keyprotect.models import Key, KeyAlias
from controlplane.keyprotect.services.changes import changing_key
from controlplane.keyprotect.states import require_state

MOST_OF_KEY = 5
MOST_OF_INSTANCE = 1_000


def create_alias(key: Key, alias: str, *, by: Party) -> KeyAlias:
    """Give a key another alias. Raises InvalidState for a destroyed key, AliasNotUnique or AliasQuota."""
    with changing_key(key) as current:
        now = clock.now()
        require_state("change", current.state_at(now))
        [row] = add_aliases(current, [alias], now=now, by=by)
        current.updated_at = now
        current.save(update_fields=["updated_at"])
        events.record_change(events.CREATE_ALIAS, current, by=by, status=201, data={"alias": alias})
    return row


def delete_alias(key: Key, alias: str, *, by: Party) -> None:
    """Delete an alias of the key. Raises InvalidState for a destroyed key, and AliasNotFound."""
    with changing_key(key) as current:
        now = clock.now()
        require_state("change", current.state_at(now))
        if not current.aliases.filter(name=alias).delete()[0]:
            raise AliasNotFound(f"The key has no alias {alias}.")
        current.updated_at = now
        current.save(update_fields=["updated_at"])
        events.record_change(events.DELETE_ALIAS, current, by=by, status=204, data={"alias": alias})


def add_aliases(key: Key, aliases: Iterable[str], *, now: datetime, by: Party) -> list[KeyAlias]:
    """Store aliases of a key, in the transaction that changes its instance.

    Raises AliasNotUnique for one that a key of the instance has, also a destroyed one, and AliasQuota.
    """
    names = list(dict.fromkeys(aliases))
    if not names:
        return []
    in_instance = KeyAlias.objects.filter(instance_id=key.instance_id)
    if duplicate := in_instance.filter(name__in=names).values_list("name", flat=True).first():
        raise AliasNotUnique(f"The alias {duplicate} is in use in the instance. Choose another one.")
    if key.aliases.count() + len(names) > MOST_OF_KEY:
        raise AliasQuota(f"A key has at most {MOST_OF_KEY} aliases. Delete one of them first.")
    if in_instance.count() + len(names) > MOST_OF_INSTANCE:
        raise AliasQuota(f"An instance has at most {MOST_OF_INSTANCE} aliases. Delete one of them first.")
    rows = [
        KeyAlias(instance_id=key.instance_id, key=key, name=name, created_at=now, created_by=by.id) for name in names
    ]
    return KeyAlias.objects.bulk_create(rows)
