from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from controlplane.activity.record import Party
from tests.iam_over_http import control_plane, control_plane_server, no_keys_of_other_tests
from tests.instances import store_instance
from tests.objectstore.store import Store, token_of
from tests.own_iam import OwnIam, serving
from tests.policies import attribute, role_crn
from tests.world import ACCOUNT, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.services.policies import PolicyContent, create_policy

__all__ = ["control_plane", "control_plane_server", "no_keys_of_other_tests"]

OWNER = Party("IBMid-ALICE00001", "Alice", "User")
READER = "IBMid-READER0001"


@pytest.fixture
def iam(world: World, keys: None, control_plane: str, settings: Any) -> World:
    """The real IAM, with an account of Alice's and another of Mallory's, each with an object store."""
    settings.BAREMINT_COS_IAM_URL = control_plane
    for account_id in (ACCOUNT, OTHER_ACCOUNT):
        store_instance(account_id)
    return world


@pytest.fixture(scope="session")
def own_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def own_iam(own_key: rsa.RSAPrivateKey, db: None, settings: Any) -> Iterator[OwnIam]:
    store_instance()
    with serving(own_key) as iam:
        settings.BAREMINT_COS_IAM_URL = iam.url
        yield iam


@pytest.fixture
def alice(iam: World) -> Store:
    return Store(token_of())


@pytest.fixture
def mallory(iam: World) -> Store:
    return Store(token_of(MALLORY.iam_id, OTHER_ACCOUNT, "Mallory"))


@pytest.fixture
def reader(iam: World) -> Store:
    """May read in Alice's account, and no more."""
    content = PolicyContent(
        subject=[attribute("iam_id", READER)],
        resource=[attribute("accountId", ACCOUNT), attribute("serviceName", "cloud-object-storage")],
        roles=[role_crn("Reader")],
    )
    create_policy(iam.account, content=content, api_version="v1", by=OWNER)
    return Store(token_of(READER, ACCOUNT, "reader"))


@pytest.fixture
def bucket(alice: Store) -> str:
    alice.put("/my-bucket")
    return "/my-bucket"
