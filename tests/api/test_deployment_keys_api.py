"""``/_baremint/keys`` and ``/_baremint/certificate_renewals``: what an operator sees of the whole deployment."""

import pytest

from controlplane.activity.record import Party
from identity.models import KeyPair
from tests.api.calling import call, caller_of
from tests.policies import make_content
from tests.world import World, make_profile
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.usefixtures("world", "keys")

KEYS, RENEWALS = "/_baremint/keys", "/_baremint/certificate_renewals"
BY = Party("IBMid-ALICE00001", "Alice", "User")


def test_every_key_is_listed_with_what_becomes_of_it_next() -> None:
    keys = call("GET", KEYS).json()["keys"]
    assert {key["kid"] for key in keys} == set(KeyPair.objects.values_list("kid", flat=True))
    [active] = [key for key in keys if (key["purpose"], key["state"]) == ("iam", "active")]
    assert active["next"] == "retiring"
    assert 0 < active["in_seconds"] <= 86_400


def test_no_private_key_is_told() -> None:
    assert {name for key in call("GET", KEYS).json()["keys"] for name in key} == {
        *("purpose", "region", "kid", "state", "since", "next", "in_seconds")
    }


def test_without_certificates_nothing_is_due() -> None:
    assert call("GET", RENEWALS).json() == {"due": 0, "later": 0, "next_due_at": None, "last": None}


@pytest.mark.parametrize("path", [KEYS, RENEWALS])
def test_a_viewer_may_list_keys_and_a_caller_without_a_policy_may_not(world: World, path: str) -> None:
    world.other_account.delete()
    profile = make_profile(world.account)
    caller = caller_of(profile.iam_id)
    assert call("GET", path, caller=caller).status_code == 403
    create_policy(world.account, content=make_content(profile.iam_id, service="baremint"), api_version="v1", by=BY)
    assert call("GET", path, caller=caller).status_code == 200
