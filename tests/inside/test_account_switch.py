"""An account turns the metadata service off for all of its servers."""

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_account
from tests.inside.program import Inside, error
from tests.world import World

pytestmark = pytest.mark.usefixtures("keys")

BY = Party("IBMid-ALICE00001", "Alice", "User")


def test_no_server_of_the_account_is_answered_and_the_refusal_says_who_can_change_that(
    world: World, inside: Inside
) -> None:
    assert inside.token().status_code == 200
    switch_account(world.account, enabled=False, by=BY)
    answer = inside.token()
    assert error(answer)[:2] == (403, "unauthorized")
    assert "The account has turned the metadata service off" in answer.json()["errors"][0]["message"]


def test_the_servers_own_switch_stays_as_it_is(world: World, inside: Inside) -> None:
    switch_account(world.account, enabled=False, by=BY)
    assert BareMetalServer.objects.get().metadata_enabled
    switch_account(world.account, enabled=True, by=BY)
    assert inside.token().status_code == 200


def test_tokens_from_before_stay_dead(world: World, inside: Inside) -> None:
    bearer = inside.bearer()
    switch_account(world.account, enabled=False, by=BY)
    switch_account(world.account, enabled=True, by=BY)
    assert inside.iam_token(**bearer).status_code == 401


def test_another_accounts_switch_changes_nothing_here(world: World, inside: Inside) -> None:
    switch_account(world.other_account, enabled=False, by=BY)
    assert inside.token().status_code == 200


def test_a_switch_leaves_one_event(world: World, inside: Inside) -> None:
    switch_account(world.account, enabled=False, by=BY)
    [event] = ActivityEvent.objects.filter(action="baremint.account.update")
    assert (event.target_id, event.data) == (world.account.id, {"metadata_service": {"enabled": False}})
