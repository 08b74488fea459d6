"""Find the constraint that a statement violated, which the databases report in different ways."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import Model, UniqueConstraint

from controlplane.kernel.errors import ApiError

SQLITE_COLUMNS = "UNIQUE constraint failed: "
"""``UNIQUE constraint failed: servers_vpc.region, servers_vpc.name``, or the name of an index of expressions:
``UNIQUE constraint failed: index 'access_group_name_per_account'``."""


@contextmanager
def unique_name(model: type[Model], refusal: ApiError) -> Iterator[None]:
    """Save a row of ``model`` in this block. Raises ``refusal`` when the name is taken, and IntegrityError for every
    other constraint."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as failure:
        if _concerns_name(failure, model):
            raise refusal from None
        raise


def _concerns_name(failure: IntegrityError, model: type[Model]) -> bool:
    if diagnostics := getattr(failure.__cause__, "diag", None):  # of psycopg
        return diagnostics.constraint_name in _name_constraints(model)
    text = str(failure).removeprefix(SQLITE_COLUMNS)
    return f"{model._meta.db_table}.name" in text.split(", ") or text in {
        f"index '{constraint}'" for constraint in _name_constraints(model)
    }


def _name_constraints(model: type[Model]) -> set[str]:
    unique = (each for each in model._meta.constraints if isinstance(each, UniqueConstraint))
    return {constraint.name for constraint in unique if "name" in _fields(constraint)}


def _fields(constraint: UniqueConstraint) -> set[str | None]:
    """Return the fields of a constraint, including those in expressions."""
    nodes = [node for part in constraint.expressions for node in getattr(part, "flatten", lambda part=part: [part])()]
    return {*constraint.fields, *(getattr(node, "name", None) for node in nodes)}
