"""``/_baremint/account``: the switch over all servers of an account, and who may turn it."""

from typing import Any

import pytest

from controlplane.activity.record import Party
from servers.models import AccountSettings
from tests.api.calling import call, caller_of
from tests.api.vpc import errors
from tests.policies import make_content
from tests.world import MALLORY, World, make_profile
from trustedprofiles.services.policies import create_policy

PATH = "/_baremint/account"
BY = Party("IBMid-ALICE00001", "Alice", "User")


def switch(enabled: Any, **who: Any) -> Any:
    return call("PATCH", PATH, {"metadata_service": {"enabled": enabled}}, **who)


def test_the_metadata_service_of_an_account_is_on_by_default(world: World) -> None:
    assert call("GET", PATH).json() == {
        "id": world.account.id,
        "name": world.account.name,
        "metadata_service": {"enabled": True},
    }


def test_the_metadata_service_of_an_account_is_turned_off_and_on(world: World) -> None:
    assert switch(False).json()["metadata_service"] == {"enabled": False}
    assert call("GET", PATH).json()["metadata_service"] == {"enabled": False}
    assert switch(True).json()["metadata_service"] == {"enabled": True}


def test_each_account_has_its_own_switch_of_the_metadata_service(world: World) -> None:
    switch(False)
    assert call("GET", PATH, caller=MALLORY).json()["metadata_service"] == {"enabled": True}


@pytest.mark.parametrize(("role", "status"), [("Viewer", 403), ("Editor", 403), ("Administrator", 200)])
def test_only_an_administrator_turns_the_switch_of_an_account(world: World, role: str, status: int) -> None:
    profile = make_profile(world.account)
    create_policy(world.account, content=make_content(profile.iam_id, role), api_version="v1", by=BY)
    caller = caller_of(profile.iam_id)
    assert call("GET", PATH, caller=caller).status_code == 200
    assert switch(False, caller=caller).status_code == status


@pytest.mark.parametrize("enabled", [None, "false", 0])
def test_a_switch_is_true_or_false(world: World, enabled: Any) -> None:
    assert errors(switch(enabled)) == [("invalid_value", "metadata_service.enabled")]
    assert not AccountSettings.objects.exists()
