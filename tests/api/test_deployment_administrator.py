"""What touches every account: the owner of the first one alone, as soon as there is another."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.caller import Caller
from tests.api.calling import call, refusal
from tests.policies import make_content
from tests.tables import check_each
from tests.world import ALICE, MALLORY, OTHER_ACCOUNT, World
from trustedprofiles.deployment_administrator import ALWAYS, ONCE_SHARED
from trustedprofiles.models import Account
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.usefixtures("world", "keys", "movable_clock")

CLOCK = ("PUT", "/_baremint/clock", {"advance_seconds": 60})
JOBS = ("GET", "/_baremint/jobs", None)
RENEWALS = ("GET", "/_baremint/certificate_renewals", None)
SHARED = [CLOCK, JOBS, RENEWALS]
BOB = Caller("IBMid-BOB000001", ALICE.account_id, "Bob", "User")
BY = Party("IBMid-ALICE00001", "Alice", "User")
call_of = pytest.mark.parametrize("asked", SHARED, ids=["clock", "jobs", "renewals"])


@pytest.fixture(autouse=True)
def bob_is_an_administrator(world: World) -> None:
    content = make_content(BOB.iam_id, "Administrator", service="baremint")
    create_policy(world.account, content=content, api_version="v1", by=BY)


@pytest.fixture(autouse=True)
def commits_are_followed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function, **options: function())
    monkeypatch.setattr("controlplane.jobs.clock_change.enqueue", lambda task, after_seconds: None)
    yield
    clock.forget()


def status(asked: tuple[str, str, Any], caller: Caller) -> int:
    return int(call(*asked, caller=caller).status_code)


@call_of
def test_the_owner_of_the_first_account_may(asked: tuple[str, str, Any]) -> None:
    assert status(asked, ALICE) == 200


@call_of
def test_the_owner_of_another_account_may_not(asked: tuple[str, str, Any]) -> None:
    assert status(asked, MALLORY) == 403


@call_of
def test_an_administrator_may_as_long_as_there_is_one_account(asked: tuple[str, str, Any], world: World) -> None:
    # D-85
    assert status(asked, BOB) == 403
    world.other_account.delete()
    assert status(asked, BOB) == 200


def test_who_moves_the_clock_without_the_right_is_told_whom_to_ask_and_recorded() -> None:
    answer = call(*CLOCK, caller=MALLORY)
    assert refusal(answer) == (403, "not_authorized")
    assert "deployment administrator" in answer.json()["errors"][0]["message"]
    event = ActivityEvent.objects.get(action="baremint.clock.set")
    assert (event.outcome, event.account_id, event.initiator_id) == ("failure", OTHER_ACCOUNT, MALLORY.iam_id)


DECISIONS = [(ALICE, "allow"), (MALLORY, "deny"), (BOB, "deny")]


def test_explain_says_what_the_api_does() -> None:
    def check(case: tuple[tuple[Caller, str], str]) -> None:
        (caller, decision), action = case
        answer = call("GET", f"/_baremint/explain?action={action}", caller=caller).json()
        assert answer["decision"] == decision
        assert (answer.get("decided_by", {}).get("type") == "deployment_administrator") is (decision == "allow")

    check_each(list(product(DECISIONS, sorted(ALWAYS | ONCE_SHARED))), check)


def test_no_policy_grants_what_is_the_deployment_administrators_alone(world: World) -> None:
    world.other_account.delete()
    answer = call("GET", "/_baremint/explain?action=baremint.key.rotate", caller=BOB).json()
    assert answer["decision"] == "deny"


def test_a_clock_that_was_set_back_makes_no_later_account_the_first(world: World) -> None:
    Account.objects.filter(id=OTHER_ACCOUNT).update(created_at=world.account.created_at.replace(year=2001))
    assert status(CLOCK, MALLORY) == 403
    assert status(CLOCK, ALICE) == 200


def test_there_is_one_first_account(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(id=OTHER_ACCOUNT).update(is_first=True)
