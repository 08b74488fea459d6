"""``rule`` of a v2 policy over the API: taken, refused, and obeyed by every later request."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controlplane.kernel import clock
from servers.models import BareMetalServer
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR, attribute, v2_policy
from tests.rules.test_refused_policy_conditions import REFUSED
from tests.tables import alone, check_each
from tests.world import World
from trustedprofiles.models import Policy
from trustedprofiles.policy_conditions import PATTERNS

SERVERS = "/v1/bare_metal_servers?version=2025-08-26&generation=2"
WEEKLY = "time-based-conditions:weekly:all-day"
MONDAY = attribute("{{environment.attributes.day_of_week}}", "1+00:00", "dayOfWeekEquals")
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def create(rule: Any = MONDAY, pattern: str | None = WEEKLY) -> Any:
    return call("POST", "/v2/policies", v2_policy(rule=rule, pattern=pattern))


def test_what_is_no_rule_is_refused_and_nothing_is_made(world: World) -> None:
    def check(name: str) -> None:
        rule = REFUSED[name]
        answer = create(rule)
        assert refusal(answer) == (400, "invalid_body")
        assert answer.json()["errors"][0]["message"].startswith("rule")
        assert not Policy.objects.exists()

    check_each(REFUSED, alone(check))


@pytest.mark.parametrize("rule", [None, [], "dayOfWeekEquals", 5], ids=["null", "list", "text", "number"])
def test_a_rule_is_an_object(world: World, rule: Any) -> None:
    assert refusal(create(rule)) == (400, "invalid_body")


@pytest.mark.parametrize(
    "body", [{"rule": MONDAY}, {"pattern": WEEKLY}, {"rule": MONDAY, "pattern": "weekly"}], ids=["rule", "pattern", "x"]
)
def test_a_rule_and_its_pattern_come_together(world: World, body: dict[str, Any]) -> None:
    assert refusal(call("POST", "/v2/policies", v2_policy(**body))) == (400, "invalid_body")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_is_kept(world: World, pattern: str) -> None:
    body = create(pattern=pattern).json()
    assert call("GET", f"/v2/policies/{body['id']}").json()["pattern"] == pattern


def victor_may_list() -> bool:
    return bool(call("GET", SERVERS, caller=caller_of(VICTOR)).status_code == 200)


def victor_sees_a_server() -> bool:
    answer = call("GET", SERVERS, caller=caller_of(VICTOR))
    assert answer.status_code == 200  # there is a policy of the service
    return bool(answer.json()["bare_metal_servers"])


def test_a_policy_counts_at_the_times_that_its_rule_names(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    create()
    decisions = []
    for hours in (-13, -12, 0, 12):
        monkeypatch.setattr(clock, "now", lambda hours=hours: MONDAY_NOON + timedelta(hours=hours))
        decisions.append(victor_may_list())
    assert decisions == [False, True, True, False]


@pytest.mark.parametrize(("region", "allowed"), [("us-*", True), ("eu-*", False)])
def test_a_policy_counts_for_the_resources_that_its_rule_names(
    server: BareMetalServer, region: str, allowed: bool
) -> None:
    rule = attribute("{{resource.attributes.region}}", [region], "stringMatchAnyOf")
    create(rule, "attribute-based-condition:resource:literal-and-wildcard")
    assert victor_sees_a_server() is allowed


def test_a_refusal_says_which_rule_does_not_hold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    create()
    monkeypatch.setattr(clock, "now", lambda: MONDAY_NOON + timedelta(days=1))
    message = call("GET", SERVERS, caller=caller_of(VICTOR)).json()["errors"][0]["message"]
    assert "grants it only where {{environment.attributes.day_of_week}} dayOfWeekEquals 1+00:00" in message
