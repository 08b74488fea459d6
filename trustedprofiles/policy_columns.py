"""The attributes by which policies select resources, as database columns of many rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.db.models import CharField, F, Func, Model, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.lookups import Lookup

ALIAS = "policy_"
MOST_LOOKED_UP = 1000
SPECIAL_IN_LIKE = re.compile(r"([\\%_])")


class Joined(Func):
    """A concatenation of texts that are never null. ``Concat`` does the same, but compiles ten times as slowly."""

    template, arg_joiner, output_field = "(%(expressions)s)", " || ", CharField()


def crn_column(service: str, kind: str, *, location: str = "", id: Combinable | None = None) -> Joined:
    """Return the CRN of a row with the columns ``account_id`` and ``id``, as ``Crn`` writes it; ``location`` is a
    column."""
    head = f"crn:v1:bluemix:public:{service}:"
    place = (Value(head), F(location), Value(":a/")) if location else (Value(f"{head}:a/"),)
    return Joined(*place, F("account_id"), Value(f"::{kind}:"), id or F("id"))


def few_or(condition: Q, rows: "QuerySet[Any]") -> Q | bool:
    """Return a condition on the numbers of the rows if they are few, otherwise the given condition that selects them.

    Where few rows meet a condition, a database may choose a plan that scans all the others for one page.
    """
    numbers = list(rows.values_list("pk", flat=True)[: MOST_LOOKED_UP + 1])
    return condition if len(numbers) > MOST_LOOKED_UP else bool(numbers) and Q(pk__in=numbers)


@dataclass(frozen=True)
class Constant:
    """An attribute with the same value in all rows of a model."""

    value: str


@dataclass(frozen=True)
class Choice:
    """An attribute that has one of a few values in each row."""

    values: tuple[str, ...]
    column: Combinable


@dataclass(frozen=True)
class Through:
    """The id of a related row. The related rows are looked up first: with their numbers, one index suffices."""

    column: str
    model: type[Model]
    of: type[Model] | None = None
    """The model with the column, if its rows are looked up too when they are few."""

    def where(self, account_id: str, **lookup: Any) -> Q | bool:
        """Return the rows whose related row matches the look-up, which has the prefix ``id``."""
        related = self.model._default_manager.filter(account_id=account_id, **lookup).values_list("pk", flat=True)
        numbers = list(related)
        if not numbers:
            return False
        condition = Q(**{self.column: numbers[0]}) if len(numbers) == 1 else Q(**{f"{self.column}__in": numbers})
        return few_or(condition, self.of._default_manager.filter(condition)) if self.of else condition


@dataclass(frozen=True)
class Own:
    """The id of the row itself, or its CRN, which ends with the id.

    If a condition selects few rows, they are looked up first: their numbers find the rows of a page directly.
    """

    model: type[Model]
    column: str | Combinable = "id"
    """The column to compare; it may be another one, such as the id of the resource group."""

    def where(self, account_id: str, **lookup: Any) -> Q | bool:
        """Return the rows whose column matches the look-up, which has the prefix ``id``."""
        [(name, value)] = lookup.items()
        condition = self.named(name.removeprefix("id"), value)
        if self.column == self.model._meta.pk.name and not name.endswith("__wildcard"):
            return condition  # no look-up would be faster
        rows = self.model._default_manager.filter(condition)
        if name.endswith("__wildcard") and value[:1] in (
            "",
            "*",
            "?",
        ):  # no index serves this pattern
            rows = rows.filter(account_id=account_id)
        return few_or(condition, rows)

    def named(self, suffix: str, value: Any) -> Q:
        """Return the condition of a look-up of the column with this suffix."""
        return Q(**{f"{self.column}{suffix}": value})

    def carrying(self, attachments: "QuerySet[Any]") -> Q | bool | None:
        """Return the rows whose CRN is one of the attachments'. None when there are too many to look them up."""
        of_kinds = reduce(Q.__or__, (Q(crn__contains=f"::{kind}:") for kind in self.kinds))
        crns = set(attachments.filter(of_kinds).values_list("crn", flat=True)[: MOST_LOOKED_UP + 1])
        if len(crns) > MOST_LOOKED_UP:
            return None
        rows = self.model._default_manager.filter(self.named("__in", [crn.rpartition(":")[2] for crn in crns]))
        numbers = [row.pk for row in rows if self.crn(row) in crns]
        return bool(numbers) and Q(pk__in=numbers)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the resource types in the CRNs of rows."""
        return (self.model.crn_type,)  # type: ignore[attr-defined]

    def crn(self, row: Any) -> str:
        return str(row.crn)


Column = str | Combinable | Constant | Choice | Through | Own
"""The name of a column, an expression, or one of the above."""
Columns = Mapping[str, Column]
"""The columns by the names of the attributes."""


@CharField.register_lookup
class Wildcard(Lookup):
    """Text that matches a pattern: ``*`` is any run of characters, ``?`` any one character; it is case-sensitive, as in
    the decision about one resource (policy_conditions.py)."""

    lookup_name = "wildcard"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Compile to LIKE, which is case-sensitive in PostgreSQL."""
        pattern = SPECIAL_IN_LIKE.sub(r"\\\1", self.rhs).replace("*", "%").replace("?", "_")
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} LIKE %s", (*parameters, pattern)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Compile to GLOB: SQLite's LIKE is not case-sensitive."""
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} GLOB %s", (*parameters, self.rhs.replace("[", "[[]"))
