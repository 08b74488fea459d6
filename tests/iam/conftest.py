from dataclasses import dataclass
from datetime import timedelta

import pytest

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from identity.services.apikeys import create_api_key
from identity.services.identity_tokens import create_identity_token
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import servers_for_facts
from tests.world import ALICE, MALLORY, World, make_profile, make_server
from trustedprofiles.models import Account, ServiceId, TrustedProfile, User
from trustedprofiles.services.identities import IdentityContent, set_identity

BY = Party(ALICE.iam_id, "Alice", "User")


@pytest.fixture
def alice_key(world: World, keys: None) -> str:
    """Alice's API key."""
    return create_api_key(world.account, iam_id=ALICE.iam_id, name="laptop", by=BY)[1]


@pytest.fixture
def mallory_key(world: World, keys: None) -> str:
    return create_api_key(world.other_account, iam_id=MALLORY.iam_id, name="evil", by=Party.of(MALLORY))[1]


@pytest.fixture
def alice_the_user(world: World) -> User:
    """What the directory knows of Alice."""
    return User.objects.create(
        username="alice",
        first_name="Alice",
        last_name="Liddell",
        email="alice@example.com",
        iam_id=ALICE.iam_id,
        account=world.account,
    )


def make_service_id(account: Account, name: str = "robot") -> ServiceId:
    now = clock.now()
    return ServiceId.objects.create(
        id=ids.prefixed_id("ServiceId"),
        account=account,
        name=name,
        revision_hash=ids.hex_id(),
        created_at=now,
        modified_at=now,
    )


@dataclass(frozen=True)
class Robot:
    """A service ID with its API key."""

    service_id: ServiceId
    key: str


@pytest.fixture
def robot(world: World, keys: None) -> Robot:
    service_id = make_service_id(world.account)
    return Robot(service_id, create_api_key(world.account, iam_id=service_id.iam_id, name="robot", by=BY)[1])


@pytest.fixture
def server(world: World, keys: None) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


def identity_token_of(server: BareMetalServer, *, seconds: int = 300) -> str:
    """As its metadata service gives it out."""
    facts = facts_of(servers_for_facts().get(pk=server.pk))
    issued_token = create_identity_token(facts, lifetime=timedelta(seconds=seconds), nonce=None, now=clock.now())
    return issued_token.token


@pytest.fixture
def identity_token(server: BareMetalServer) -> str:
    return identity_token_of(server)


@pytest.fixture
def profile(world: World, server: BareMetalServer) -> TrustedProfile:
    """Trusts the server by a link."""
    return make_profile(world.account, name="reader", linked_to=server)


def trust(profile: TrustedProfile, type: str, identifier: str, *accounts: str) -> None:
    set_identity(profile, identity=IdentityContent(type, identifier, list(accounts)), by=BY)
