"""What events keep of the right by which a request acted: token, key, server, policy."""

from datetime import timedelta

import pytest
from django.core import serializers
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.models import KeyPair
from identity.services.iam_tokens import exchange_identity_token
from identity.services.identity_tokens import create_identity_token, verify_identity_token
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from tests.api.calling import call
from tests.policies import make_content
from tests.world import World, make_profile, make_server
from trustedprofiles.models import Policy, TrustedProfile
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.usefixtures("keys")

LIST = "/v1/bare_metal_servers?version=2025-08-26&generation=2"


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account, name="reader")


@pytest.fixture
def server(world: World, profile: TrustedProfile) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True, profile=profile)


@pytest.fixture
def policy(world: World, profile: TrustedProfile) -> Policy:
    return create_policy(world.account, content=make_content(profile.iam_id), api_version="v1", by=Party())


@pytest.fixture
def token(server: BareMetalServer) -> str:
    row = server_by_number(server.number)
    assert row
    facts, now = facts_of(row), clock.now()
    identity = create_identity_token(facts, lifetime=timedelta(hours=1), nonce=None, now=now).token
    verified = verify_identity_token(identity, facts=facts, now=now)
    return exchange_identity_token(verified, facts=facts, selector={}, now=now).token


def ask(method: str, path: str, token: str) -> ActivityEvent:
    Client().generic(method, path, headers={"Authorization": f"Bearer {token}"})
    return ActivityEvent.objects.latest("id")


def test_an_event_names_the_server_the_token_the_key_and_the_policy(
    server: BareMetalServer, policy: Policy, token: str
) -> None:
    event = ActivityEvent.objects.get(action="is.metadata.computeresource-token.read")
    assert ask("GET", LIST, token).data["lineage"] == {
        "server": server.crn,
        "token": event.data["jti"],
        "key": KeyPair.objects.get(purpose="iam", state="active").kid,
        "decided_by": str(policy.id),
        "method": "GET",
        "path": "/v1/bare_metal_servers",
    }


def test_a_refusal_names_all_but_the_policy(server: BareMetalServer, token: str) -> None:
    event = ask("DELETE", f"/v1/bare_metal_servers/{server.id}?version=2025-08-26&generation=2", token)
    assert (event.outcome, event.reason_code) == ("failure", 403)
    assert event.data["lineage"].keys() == {"server", "token", "key", "method", "path"}


def test_nothing_of_the_token_itself_is_kept(policy: Policy, token: str) -> None:
    snapshots = serializers.serialize("json", [ask("GET", LIST, token)])
    assert [part for part in token.split(".") if part in snapshots] == []


def test_the_next_request_inherits_nothing(world: World, policy: Policy, token: str) -> None:
    ask("GET", LIST, token)
    call("GET", LIST)
    assert "lineage" not in ActivityEvent.objects.latest("id").data
