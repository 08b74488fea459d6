"""The rows of a list that a caller may see: the access decision as one database condition.

It is built once for a request from the caller's policies, and selects a row exactly if the decision about that row
alone allows it (access.py): both compare the same attributes by the same rules. What does not depend on the row, such
as the time, is evaluated here; the rest becomes a ``Q``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, reduce
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import Combinable

from controlplane.kernel.text import is_storable
from controlplane.kernel.verdict import Verdict
from trustedprofiles import access, policy_conditions, tag_rules
from trustedprofiles.access import PolicyFacts
from trustedprofiles.models import Tag, TagAttachment
from trustedprofiles.policy_columns import ALIAS, Choice, Column, Columns, Constant, Own, Through
from trustedprofiles.policy_conditions import Combination, Condition, Rule
from trustedprofiles.tag_rules import CRN

M = TypeVar("M", bound=Model)
Where = Q | bool
"""True: all rows; False: none."""
Lookup = Callable[..., Where]
LOOKUPS = ("__in", "__wildcard")


@dataclass(frozen=True)
class Visible:
    """Whether the caller may list resources of a kind, and which of them."""

    verdict: Verdict
    where: Where
    aliases: Mapping[str, Combinable] = field(default_factory=dict)
    """The expressions that the condition refers to."""

    def of(self, rows: QuerySet[M]) -> QuerySet[M]:
        """Return the rows that the caller may see."""
        if isinstance(self.where, bool):
            return rows if self.where else rows.none()
        return (rows.alias(**self.aliases) if self.aliases else rows).filter(self.where)

    @property
    def alternatives(self) -> list[Q]:
        """Conditions of which a visible row meets at least one. An index may serve each of them, but not their
        disjunction. Empty when all rows or none are visible."""
        if isinstance(self.where, bool):
            return []
        if self.where.connector != Q.OR:
            return [self.where]
        return [child if isinstance(child, Q) else Q(child) for child in self.where.children]


class Selection:
    """The rows of one account that policies select. ``known`` has the attributes that all rows share."""

    def __init__(self, *, account_id: str, known: Mapping[str, str], columns: Columns, now: datetime) -> None:
        constants = {name: each.value for name, each in columns.items() if isinstance(each, Constant)}
        self.known = constants | {name: value for name, value in known.items() if value != access.EVERY}
        self._columns = {name: column for name, column in columns.items() if name not in self.known}
        self._account_id, self._now = account_id, now
        self.aliases: dict[str, Combinable] = {}

    @property
    def possible(self) -> access.Attributes:
        """Return the attributes of the rows: shared values, and the choices of values that some rows may have."""
        choices = {name: column.values for name, column in self._columns.items() if isinstance(column, Choice)}
        return {**choices, **self.known}

    def any_of(self, policies: Iterable[PolicyFacts]) -> Where:
        """Return the rows that at least one of the policies selects."""
        return _any(self._policy(policy) for policy in policies)

    def _policy(self, policy: PolicyFacts) -> Where:
        return _all([*map(self._attribute, policy.resource), *([self._rule(policy.rule)] if policy.rule else [])])

    def _attribute(self, condition: Condition) -> Where:
        """Return the condition on rows that corresponds to ``access.matches`` for one resource."""
        if condition.key.startswith(access.TAG):
            return self._tagged(condition)
        if condition.key not in self._columns or condition.key == CRN:
            return access.matches(condition, self.known)
        if access.is_any(condition):
            return True
        return self._compare(condition.key, condition)

    def _rule(self, rule: Rule) -> Where:
        """Return the condition on rows that corresponds to ``policy_conditions.holds`` for one resource."""
        if isinstance(rule, Combination):
            return (_all if rule.operator == "and" else _any)(map(self._rule, rule.conditions))
        variable = policy_conditions.VARIABLE.fullmatch(rule.key)
        if variable is None or variable[1] != "resource" or variable[2] not in self._columns or variable[2] == CRN:
            return policy_conditions.holds(rule, resource=self.known, now=self._now)
        if rule.operator in policy_conditions.TIME_OPERATORS:
            return policy_conditions.holds(rule, resource={}, now=self._now)
        return self._compare(variable[2], rule)

    def _compare(self, name: str, condition: Condition) -> Where:
        """Return the condition on rows that corresponds to ``policy_conditions.text_holds``; all have the attribute."""
        operand, lookup = condition.value, self._lookup(name)
        match condition.operator:
            case "stringExists":
                return policy_conditions.text_holds("stringExists", "", operand)
            case "stringEquals" if _is_text(operand):
                return lookup("", operand)
            case "stringEqualsAnyOf":
                texts = list(filter(_is_text, policy_conditions.listed(operand)))
                return lookup("__in", texts) if texts else False
            case "stringMatch" if _is_text(operand):
                return lookup("__wildcard", operand)
            case "stringMatchAnyOf":
                return _any(lookup("__wildcard", each) for each in policy_conditions.listed(operand) if _is_text(each))
            case _:
                return False

    def _lookup(self, name: str) -> Lookup:
        column = self._columns[name]
        if isinstance(column, Through | Own):
            return lambda suffix, value: column.where(self._account_id, **{f"id{suffix}": value})
        path = self._path(name, column)
        return lambda suffix, value: Q(**{f"{path}{suffix}": value})

    def _path(self, name: str, column: Column) -> str:
        if isinstance(column, str):
            return column
        if isinstance(column, Choice):
            column = column.column
        assert isinstance(column, Combinable)  # noqa: S101  the other kinds have no path
        self.aliases[f"{ALIAS}{name}"] = column
        return f"{ALIAS}{name}"

    def _tagged(self, condition: Condition) -> Where:
        """Return the rows with an access tag that meets the condition; one of several tags with the key suffices."""
        meeting = [pk for pk, tag in self._tags if access.matches(condition, tag)]
        if not meeting or CRN not in self._columns:
            return False
        attachments = TagAttachment.objects.filter(tag__in=meeting)
        id_column = next((each for each in self._columns.values() if isinstance(each, Own)), None)
        if id_column and (few := id_column.carrying(attachments)) is not None:
            return few
        path = self._path(CRN, self._columns[CRN])
        return Q(**{f"{path}__in": attachments.values("crn")})

    @cached_property
    def _tags(self) -> list[tuple[int, dict[str, tuple[str, ...]]]]:
        """Return the account's access tags, of which there are few, each with the attributes of a resource that carries
        it."""
        rows = Tag.objects.filter(account_id=self._account_id, type=tag_rules.ACCESS).values_list("pk", "name")
        return [(pk, access.tag_attributes([name])) for pk, name in rows]


def _is_text(value: Any) -> bool:
    """Return whether the value is text that can be stored; the database rejects a query for any other."""
    return isinstance(value, str) and is_storable(value)


def _all(parts: Iterable[Where]) -> Where:
    """Return the conjunction. It stops at the first part that is False, to save look-ups."""
    conditions: list[Q] = []
    for part in parts:
        if part is False:
            return False
        if isinstance(part, Q):
            conditions.append(part)
    return reduce(Q.__and__, conditions) if conditions else True


def _any(parts: Iterable[Where]) -> Where:
    conditions: list[Q] = []
    for part in parts:
        if part is True:
            return True
        if isinstance(part, Q):
            conditions.append(part)
    return reduce(Q.__or__, _merged(conditions)) if conditions else False


def _merged(conditions: Iterable[Q]) -> list[Q]:
    """Return the conditions with the values of each column merged into one list, for which one index suffices."""
    values: dict[str, list[Any]] = {}
    others: list[Q] = []
    for condition in conditions:
        [child, *more] = condition.children
        name, value = child if isinstance(child, tuple) and not more else ("", None)
        if name.endswith("__in") and isinstance(value, list):
            values.setdefault(name.removesuffix("__in"), []).extend(value)
        elif name and isinstance(value, str) and not name.endswith(LOOKUPS):
            values.setdefault(name, []).append(value)
        else:
            others.append(condition)
    return others + [Q(**{f"{name}__in": texts}) for name, texts in values.items()]
