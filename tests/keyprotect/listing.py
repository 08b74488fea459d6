"""Lists of keys as tests ask for them."""

from collections.abc import Collection
from datetime import datetime

from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.key_lists import KeyList, list_keys
from controlplane.keyprotect.list_query import ListQuery
from tests.keyprotect.stored import NOW, identifier, store_key


def listed(instance: ResourceInstance, rings: Collection[str] | None = None, **values: str) -> KeyList:
    return list_keys(instance, ListQuery.parse(values), rings=rings, now=NOW)


def names(instance: ResourceInstance, rings: Collection[str] | None = None, **values: str) -> list[str]:
    """The names of the keys in the order of the list."""
    return [key.name for key in listed(instance, rings, **values).rows]


def store_named(instance: ResourceInstance, *key_names: str) -> None:
    """Keys whose ids are in the order of these names."""
    for number, name in enumerate(key_names):
        store_key(instance, identifier=identifier(number), name=name)


def quoted(instant: datetime) -> str:
    return f'"{instant:%Y-%m-%dT%H:%M:%SZ}"'
