"""Rules of policies, as requests send them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from trustedprofiles.policy_conditions import holds, parse

MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TIME = "{{environment.attributes.current_time}}"
DATE = "{{environment.attributes.current_date}}"
INSTANT = "{{environment.attributes.current_date_time}}"
DAY = "{{environment.attributes.day_of_week}}"
VPC = "{{resource.attributes.vpcId}}"


def rule(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"key": key, "operator": operator, "value": value}


def both(*conditions: Any) -> dict[str, Any]:
    return {"operator": "and", "conditions": list(conditions)}


def either(*conditions: Any) -> dict[str, Any]:
    return {"operator": "or", "conditions": list(conditions)}


def met(asked: Any, now: datetime = MONDAY_NOON, **resource: str) -> bool:
    return holds(parse(asked), resource=resource, now=now)


YES, NO = rule(VPC, "stringEquals", "r006-1"), rule(VPC, "stringEquals", "r006-2")
