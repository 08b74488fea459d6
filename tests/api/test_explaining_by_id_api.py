"""Questions about one API key, profile, service ID or server: as the API answers, and only about what is there."""

from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from identity.services.apikeys import create_api_key
from servers.models import BareMetalServer
from tests.api.asking import ask
from tests.policies import VICTOR, attribute, make_content
from tests.world import ACCOUNT, ALICE, MALLORY, World
from trustedprofiles.models import Account, TrustedProfile
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.service_ids import create_service_id

BY = Party("IBMid-ALICE00001", "Alice", "User")
BOB = "IBMid-BOB0000001"
READ_KEY = "iam-identity.apikey.read"


def key_of(world: World, caller: Caller, account: Account) -> str:
    key, _ = create_api_key(account, iam_id=caller.iam_id, name="key", by=Party.of(caller))
    return key.id


def about(key_id: str, **more: str) -> Any:
    return ask(action=READ_KEY, resource={"resourceType": "apikey", "resource": key_id}, **more)


def test_an_api_key_of_the_caller_is_allowed(world: World) -> None:
    key = key_of(world, ALICE, world.account)
    assert about(key).json()["decided_by"] == {"type": "own_api_key", "id": key}


def test_another_persons_api_key_in_the_account_is_for_policies_to_decide(world: World) -> None:
    bob = Caller(BOB, ACCOUNT, "Bob", "User")
    key = key_of(world, bob, world.account)
    assert about(key).json()["decided_by"]["type"] == "account_owner"
    assert about(key_of(world, ALICE, world.account), subject=BOB).json()["decision"] == "deny"


@pytest.mark.parametrize("subject", [ALICE.iam_id, MALLORY.iam_id])
def test_an_api_key_of_another_account_is_like_one_that_is_not_there(world: World, subject: str) -> None:
    foreign = about(key_of(world, MALLORY, world.other_account), subject=subject)
    missing = about("ApiKey-none", subject=subject)
    assert foreign.status_code == missing.status_code == 400
    assert foreign.json()["errors"] == missing.json()["errors"]


def test_an_api_key_of_a_service_id_belongs_to_the_service_id(world: World) -> None:
    service_id = create_service_id(world.account, name="robot", by=BY)
    key, _ = create_api_key(world.account, iam_id=service_id.iam_id, name="key", by=BY)
    attributes = (attribute("resourceType", "serviceid"), attribute("resource", service_id.id))
    content = make_content(VICTOR, service="iam-identity", more=attributes)
    create_policy(world.account, content=content, api_version="v1", by=BY)
    assert about(key.id, subject=VICTOR).json()["decision"] == "allow"


@pytest.mark.parametrize("action", ["iam-identity.apikey.list", "iam-identity.apikey.create"])
def test_people_list_and_make_their_own_api_keys(world: World, action: str) -> None:
    assert ask(Caller(BOB, ACCOUNT, "Bob", "User"), action=action).json()["decision"] == "allow"


MISSING = [
    ("iam-identity.apikey.read", {"resource": "ApiKey-none"}),
    ("iam-identity.profile.read", {"resource": "Profile-none"}),
    ("iam-identity.serviceid.read", {"resource": "ServiceId-none"}),
    ("is.bare-metal-server.bare-metal-server.read", {"bareMetalServerId": "0717-none"}),
]


@pytest.mark.parametrize(("action", "resource"), MISSING)
def test_what_does_not_exist_is_not_allowed_even_to_its_owner(
    world: World, action: str, resource: dict[str, str]
) -> None:
    answer = ask(action=action, resource=resource)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_found")


def test_what_is_there_is_explained(server: BareMetalServer, profile: TrustedProfile) -> None:
    reads = {
        "iam-identity.profile.read": {"resource": profile.id},
        "is.bare-metal-server.bare-metal-server.read": {"bareMetalServerId": server.id},
    }
    decisions = {
        action: ask(action=action, resource=attributes).json()["decision"] for action, attributes in reads.items()
    }
    assert decisions == dict.fromkeys(reads, "allow")
