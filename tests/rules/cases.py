"""Cases of decisions, made by hypothesis from small pools of names, so that policies and questions often meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from controlplane.kernel.verdict import Verdict
from trustedprofiles import access, policy_conditions, trust
from trustedprofiles.access import PolicyFacts
from trustedprofiles.actions import ACTIONS
from trustedprofiles.claim_conditions import Claim
from trustedprofiles.policy_conditions import COMPARISONS, ENVIRONMENT, Combination, Condition
from trustedprofiles.roles import Role
from trustedprofiles.service_roles import ROLES

ACCOUNT = "a" * 32
SUBJECTS = (
    "iam-Profile-11111111-1111-4111-8111-111111111111",
    "IAM-profile-11111111-1111-4111-8111-111111111111",
    "iam-ServiceId-22222222-2222-4222-8222-222222222222",
)
KNOWN = sorted(action for actions in ACTIONS.values() for action in actions)
NAMES = ("region", "vpcId", "bareMetalServerId", "resourceGroupId", "resourceType", "resource", "serviceInstance")
VALUES = ("r1", "r2", "r12", "x")
PATTERNS = (*VALUES, "*", "r*", "r?", "?")
START = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass(frozen=True)
class Question:
    subject: str
    action: str
    resource: dict[str, str]
    now: datetime

    def decide(self, *policies: PolicyFacts) -> Verdict:
        return access.decide(
            iam_id=self.subject, action=self.action, resource=self.resource, policies=policies, now=self.now
        )

    def consider(self, *policies: PolicyFacts) -> list[access.Consideration]:
        return access.consider(
            iam_id=self.subject, action=self.action, resource=self.resource, policies=policies, now=self.now
        )


instants = st.integers(0, 14 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
offsets = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
resources = st.fixed_dictionaries(
    {"accountId": st.just(ACCOUNT), "serviceName": st.sampled_from(["is", "is", "iam-identity"])},
    optional={name: st.sampled_from(VALUES) for name in NAMES},
)
actions = st.sampled_from(["is.vpc.vpc.read", "is.vpc.vpc.create", "is.bare-metal-server.bare-metal-server.operate"])
questions = st.builds(Question, st.sampled_from(SUBJECTS[:2]), actions | st.sampled_from(KNOWN), resources, instants)


def values_for(operator: str) -> st.SearchStrategy[Any]:
    if operator == "stringExists":
        return st.sampled_from([True, False, "true", "false"])
    pool = st.sampled_from(PATTERNS if "Match" in operator else (*VALUES, "*"))
    return st.lists(pool, min_size=1, max_size=3) if operator.endswith("AnyOf") else pool


def texts(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Condition]:
    operators = st.sampled_from(policy_conditions.TEXT_OPERATORS)
    return operators.flatmap(lambda operator: st.builds(Condition, keys, st.just(operator), values_for(operator)))


def written(kind: str, instant: datetime) -> str:
    """As policies write it."""
    whole = instant.isoformat()
    offset = whole[-6:]
    return {"time": whole[11:19] + offset, "date": whole[:10] + offset, "dateTime": whole}[kind]


@st.composite
def times(draw: st.DrawFn) -> Condition:
    kind, comparison = draw(st.sampled_from(sorted(ENVIRONMENT))), draw(st.sampled_from(sorted(COMPARISONS)))
    there = draw(instants).astimezone(draw(offsets))
    return Condition(f"{{{{environment.attributes.{ENVIRONMENT[kind]}}}}}", f"{kind}{comparison}", written(kind, there))


def day(number: int, zone: timezone) -> str:
    return f"{number}{START.astimezone(zone).isoformat()[-6:]}"


days = st.builds(day, st.integers(1, 7), offsets)
weekdays = st.builds(Condition, st.just("{{environment.attributes.day_of_week}}"), st.just("dayOfWeekEquals"), days)
weekdays |= st.builds(
    Condition,
    st.just("{{environment.attributes.day_of_week}}"),
    st.just("dayOfWeekAnyOf"),
    st.lists(days, min_size=1, max_size=3),
)
leaves = times() | weekdays | texts(st.sampled_from([f"{{{{resource.attributes.{name}}}}}" for name in NAMES]))


def joined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Combination]:
    return st.builds(Combination, st.sampled_from(["and", "or"]), st.lists(parts, min_size=1, max_size=3).map(tuple))


rules = leaves | joined(leaves | joined(leaves))


def as_sent(rule: policy_conditions.Rule) -> dict[str, Any]:
    """As the API takes it."""
    if isinstance(rule, Combination):
        return {"operator": rule.operator, "conditions": [as_sent(each) for each in rule.conditions]}
    return {"key": rule.key, "operator": rule.operator, "value": rule.value}


custom_roles = st.builds(
    lambda granted: Role("crn:custom", "Own", "", "custom", actions=granted), st.frozensets(actions, max_size=2)
)
scopes = st.just((Condition("accountId", "stringEquals", ACCOUNT), Condition("serviceName", "stringEquals", "is")))
policies = st.builds(
    PolicyFacts,
    id=st.uuids().map(str),
    subject_iam_id=st.sampled_from(SUBJECTS),
    roles=st.lists(st.sampled_from(list(ROLES.values())) | custom_roles, max_size=3).map(tuple),
    resource=scopes | st.lists(texts(st.sampled_from((*NAMES, "serviceType"))), max_size=2).map(tuple),
    rule=st.none() | st.none() | rules,
    state=st.sampled_from(["active", "active", "active", "deleted"]),
)
sets = st.lists(policies, max_size=4)


def decide_trust(
    server: trust.Resource,
    *,
    links: Sequence[trust.LinkFacts],
    rules: Sequence[trust.RuleFacts] = (),
    claims: Mapping[str, Claim] | None = None,
    profile_account_id: str,
) -> Verdict:
    return trust.verdict(
        trust.consider(server, links=links, rules=rules, claims=claims or {}, profile_account_id=profile_account_id)
    )
