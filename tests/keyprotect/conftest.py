from typing import Any

import pytest

from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from identity import key_encryption
from tests.iam_over_http import control_plane, control_plane_server, no_keys_of_other_tests
from tests.instances import store_instance
from tests.keyprotect.calls import KeyProtect
from tests.keyprotect.made import TurnedClock
from tests.keyprotect.provider_keys import KeyAlias, RootOrStandardKey
from tests.keyprotect.provider_session import Session, applied
from tests.keyprotect.stored import identifier, store_key
from tests.world import World

__all__ = ["control_plane", "control_plane_server", "no_keys_of_other_tests"]

GUID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def kek(db: None) -> None:
    """The key that key material is encrypted under, as after the first start."""
    key_encryption.ensure_kek()
    key_encryption.register_kek(now=clock.now())


@pytest.fixture
def instance(kek: None) -> ResourceInstance:
    return store_instance(guid=GUID, service="kms")


@pytest.fixture
def guid(instance: ResourceInstance) -> str:
    return instance.guid


@pytest.fixture
def turned() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def iam(world: World, keys: None, control_plane: str, settings: Any) -> World:
    """The real IAM, over HTTP."""
    settings.BAREMINT_COS_IAM_URL = control_plane
    return world


@pytest.fixture
def alice(iam: World, instance: ResourceInstance) -> KeyProtect:
    """The owner of the account."""
    return KeyProtect(GUID)


@pytest.fixture
def in_rings(instance: ResourceInstance) -> ResourceInstance:
    for number, ring in enumerate(("default", "team-a", "team-b")):
        store_key(instance, identifier=identifier(number), name=f"in {ring}", ring=ring)
    return instance


@pytest.fixture
def terraform(alice: KeyProtect) -> Session:
    """IBM's Terraform provider, with the token of the owner."""
    return Session(alice)


@pytest.fixture
def root_key(terraform: Session, instance: ResourceInstance) -> str:
    """The id of a root key that Terraform created, with the alias db."""
    key = applied(RootOrStandardKey(terraform, instance_id=instance.guid, key_name="root"))
    applied(KeyAlias(terraform, instance_id=instance.guid, alias="db", key_id=key.key))
    return key.key
