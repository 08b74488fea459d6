"""The ``rule`` of a policy: further conditions, on the time of the request or on attributes of the resource.

A rule is one condition, or conditions joined by ``and`` or ``or``, which may contain one more level of them (IAM
policy management API, v2 policies). Instants, dates, times and days of the week carry an offset from UTC and are
compared in it: ``09:00:00+02:00`` is nine o'clock where clocks are two hours ahead.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from fnmatch import fnmatchcase
from operator import ge, gt, le, lt
from typing import Any, Literal

VARIABLE = re.compile(r"\{\{(environment|resource)\.attributes\.(\w+)\}\}")
DEEPEST = 2
MOST_CONDITIONS = 10
LONGEST_VALUE = 1000
MOST_VALUES = 100
OFFSET = r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
TIME = rf"[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?{OFFSET}"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
FORMS = {
    "time": re.compile(TIME),
    "date": re.compile(f"{DATE}{OFFSET}"),
    "dateTime": re.compile(f"{DATE}T{TIME}"),
    "dayOfWeek": re.compile(f"[1-7]{OFFSET}"),
}

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "LessThan": lt,
    "LessThanOrEquals": le,
    "GreaterThan": gt,
    "GreaterThanOrEquals": ge,
}
ENVIRONMENT = {"time": "current_time", "date": "current_date", "dateTime": "current_date_time"}
"""The attribute of the environment that each kind of instant is compared with."""
DAY_OPERATORS = ("dayOfWeekEquals", "dayOfWeekAnyOf")
TIME_OPERATORS = tuple(f"{kind}{comparison}" for kind in ENVIRONMENT for comparison in COMPARISONS) + DAY_OPERATORS
EXISTS_VALUES = {True: True, False: False, "true": True, "false": False}
TEXT_OPERATORS = ("stringEquals", "stringMatch", "stringExists", "stringEqualsAnyOf", "stringMatchAnyOf")
PATTERNS = (
    "time-based-conditions:once",
    "time-based-conditions:weekly",
    "time-based-conditions:weekly:all-day",
    "time-based-conditions:weekly:custom-hours",
    "attribute-based-condition:resource:literal-and-wildcard",
)

EMPTY = '""'


@dataclass(frozen=True)
class Condition:
    """One attribute of a policy: ``value`` is text, or also a list for an any-of operator, or a boolean for exists."""

    key: str
    operator: str
    value: Any

    def __str__(self) -> str:
        values = self.value if isinstance(self.value, list) else [self.value]
        return f"{self.key} {self.operator} {', '.join(str(each) or EMPTY for each in values)}"


@dataclass(frozen=True)
class Combination:
    operator: Literal["and", "or"]
    conditions: "tuple[Rule, ...]"

    def __str__(self) -> str:
        return "(" + f" {self.operator} ".join(map(str, self.conditions)) + ")"


Rule = Condition | Combination


def parse(rule: Mapping[str, Any], *, depth: int = 0) -> Rule:
    """Parse a rule as the API sends it. Raises ValueError with the reason."""
    if "conditions" in rule:
        joined, parts = rule.get("operator"), rule["conditions"]
        if rule.keys() != {"operator", "conditions"} or joined not in ("and", "or"):
            raise ValueError(
                "A rule of several conditions has the members operator, which is and or or, and conditions."
            )
        if depth == DEEPEST or not isinstance(parts, list) or not 1 <= len(parts) <= MOST_CONDITIONS:
            raise ValueError(f"conditions is a list of 1 to {MOST_CONDITIONS}, nested once at most.")
        if not all(isinstance(part, dict) for part in parts):
            raise ValueError("Each of conditions is an object.")
        return Combination(joined, tuple(parse(part, depth=depth + 1) for part in parts))
    if rule.keys() != {"key", "operator", "value"}:
        raise ValueError("A condition has the members key, operator and value.")
    condition = Condition(rule["key"], rule["operator"], rule["value"])
    _check(condition)
    return condition


def _check(condition: Condition) -> None:
    variable = VARIABLE.fullmatch(condition.key) if isinstance(condition.key, str) else None
    if variable is None:
        raise ValueError("key is {{environment.attributes.NAME}} or {{resource.attributes.NAME}}.")
    where, name = variable.groups()
    operator, value = condition.operator, condition.value
    if operator in TEXT_OPERATORS:
        if where != "resource":
            raise ValueError(
                f"{operator} compares {{{{resource.attributes.NAME}}}}; {{{{environment.attributes.NAME}}}} takes one "
                f"of {', '.join(TIME_OPERATORS)}."
            )
        _check_text(operator, value)
        return
    if operator not in TIME_OPERATORS:
        raise ValueError(f"operator is one of {', '.join((*TIME_OPERATORS, *TEXT_OPERATORS))}.")
    attribute = "day_of_week" if operator in DAY_OPERATORS else ENVIRONMENT[_kind_of(operator)]
    if (where, name) != ("environment", attribute):
        raise ValueError(f"{operator} compares {{{{environment.attributes.{attribute}}}}}.")
    if operator in DAY_OPERATORS:
        if (operator == "dayOfWeekEquals" and isinstance(value, list)) or not 1 <= len(listed(value)) <= MOST_VALUES:
            raise ValueError("dayOfWeekEquals takes one day, dayOfWeekAnyOf one or a list of them.")
        for each in listed(value):
            _day(each)
    else:
        _instant(_kind_of(operator), value)


def _check_text(operator: str, value: Any) -> None:
    if operator == "stringExists":
        if not isinstance(value, bool | str) or value not in EXISTS_VALUES:
            raise ValueError("stringExists takes true or false.")
    elif operator.endswith("AnyOf"):
        if not 1 <= len(listed(value)) <= MOST_VALUES or not all(map(_is_text, listed(value))):
            raise ValueError(
                f"{operator} takes a string of at most {LONGEST_VALUE} characters, or 1 to {MOST_VALUES} in a list."
            )
    elif not _is_text(value):
        raise ValueError(f"{operator} takes a string of at most {LONGEST_VALUE} characters.")


def _is_text(value: Any) -> bool:
    """Return whether the value is storable text, without NUL.

    Empty text is allowed: the delimiter of a whole listing is empty.
    """
    return isinstance(value, str) and len(value) <= LONGEST_VALUE and "\0" not in value


def holds(rule: Rule, *, resource: Mapping[str, str], now: datetime) -> bool:
    """Return whether a rule holds for this resource at this instant. An invalid condition never holds."""
    if isinstance(rule, Combination):
        results = (holds(part, resource=resource, now=now) for part in rule.conditions)
        return all(results) if rule.operator == "and" else any(results)
    try:
        if rule.operator in DAY_OPERATORS:
            return any(str(now.astimezone(zone).isoweekday()) == day for day, zone in map(_day, listed(rule.value)))
        if rule.operator in TIME_OPERATORS:
            return _compare(rule, now)
    except ValueError:
        return False
    variable = VARIABLE.fullmatch(rule.key)
    if variable is None or variable[1] != "resource":
        return False
    return text_holds(rule.operator, resource.get(variable[2]), rule.value)


def compared(rule: Rule) -> frozenset[str]:
    """Return the attributes of the resource that the rule compares."""
    if isinstance(rule, Combination):
        return frozenset().union(*map(compared, rule.conditions))
    variable = VARIABLE.fullmatch(rule.key)
    return frozenset({variable[2]} if variable and variable[1] == "resource" else ())


def may_hold(rule: Rule, *, now: datetime) -> bool:
    """Return whether a rule may hold at this instant for some resource."""
    if isinstance(rule, Combination):
        results = (may_hold(part, now=now) for part in rule.conditions)
        return all(results) if rule.operator == "and" else any(results)
    return rule.operator in TEXT_OPERATORS or holds(rule, resource={}, now=now)


def text_holds(operator: str, value: str | None, operand: Any) -> bool:
    """Return whether a text operator holds for a value, which is None when the resource lacks the attribute.

    An unknown operator never holds.
    """
    match operator:
        case "stringExists":
            return isinstance(operand, bool | str) and EXISTS_VALUES.get(operand) is (value is not None)
        case "stringEquals":
            return value is not None and value == operand
        case "stringMatch":
            return value is not None and _wildcard(value, operand)
        case "stringEqualsAnyOf":
            return value is not None and value in listed(operand)
        case "stringMatchAnyOf":
            return value is not None and any(_wildcard(value, each) for each in listed(operand))
        case _:
            return False


def _wildcard(value: str, pattern: Any) -> bool:
    """Match a pattern: ``*`` is any run of characters, ``?`` any one character."""
    return isinstance(pattern, str) and fnmatchcase(value, pattern.replace("[", "[[]"))


def _compare(condition: Condition, now: datetime) -> bool:
    kind = _kind_of(condition.operator)
    compare = COMPARISONS[condition.operator.removeprefix(kind)]
    limit, zone = _instant(kind, condition.value)
    here = now.astimezone(zone)
    present = {"time": here.timetz(), "date": here.date(), "dateTime": here}[kind]
    return compare(present, limit)


def _kind_of(operator: str) -> str:
    return next(kind for kind in ("dateTime", "date", "time") if operator.startswith(kind))


def _instant(kind: str, value: Any) -> tuple[Any, timezone]:
    """Parse ``09:00:00+00:00``, ``2026-12-24+00:00`` or ``2026-12-24T09:00:00+00:00``. Returns it and its offset.

    Raises ValueError with an example of the form.
    """
    text = value if isinstance(value, str) else ""
    try:
        if FORMS[kind].fullmatch(text) is None:
            raise ValueError
        if kind == "date":
            day, zone = text[:10], time.fromisoformat(f"00:00:00{text[10:]}")
            return date.fromisoformat(day), _offset(zone)
        instant: Any = datetime.fromisoformat(text) if kind == "dateTime" else time.fromisoformat(text)
        return instant, _offset(instant)
    except ValueError:
        example = {"time": "09:00:00+00:00", "date": "2026-12-24+00:00", "dateTime": "2026-12-24T09:00:00+00:00"}[kind]
        raise ValueError(f"The value of a {kind} operator is like {example}, with its offset from UTC.") from None


def _day(value: Any) -> tuple[str, timezone]:
    """Parse a day of the week with an offset, such as ``1+00:00``, Monday in UTC. Raises ValueError."""
    text = value if isinstance(value, str) else ""
    try:
        if FORMS["dayOfWeek"].fullmatch(text) is None:
            raise ValueError
        return text[:1], _offset(time.fromisoformat(f"00:00:00{text[1:]}"))
    except ValueError:
        raise ValueError("A day of the week is like 1+00:00: 1, Monday, to 7, Sunday, and an offset.") from None


def _offset(moment: time | datetime) -> timezone:
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError
    return timezone(offset)


def listed(value: Any) -> list[Any]:
    """Return the value as a list: IBM's Terraform provider sends a single value without one."""
    return value if isinstance(value, list) else [value]
