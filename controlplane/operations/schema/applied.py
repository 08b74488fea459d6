"""Which migrations the database lacks: one query, and no migration is imported to find out."""

import pkgutil
from functools import cache
from importlib.util import find_spec

from django.apps import apps
from django.db import OperationalError, ProgrammingError, connection

TABLE = "django_migrations"

Name = tuple[str, str]
"""Of a migration: its app's label, and its own."""


def unapplied() -> list[Name]:
    """Raises DatabaseError when the database does not answer."""
    applied = _applied()
    return [name for name in of_this_version() if name not in applied]


@cache
def of_this_version() -> tuple[Name, ...]:
    """Every migration that is there to be applied, by app."""
    return tuple((app.label, name) for app in apps.get_app_configs() for name in _modules(f"{app.name}.migrations"))


def _modules(package: str) -> list[str]:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return []
    found = pkgutil.iter_modules(spec.submodule_search_locations)
    return sorted(each.name for each in found if not each.ispkg and each.name[0] not in "_~")  # as Django has it


def _applied() -> set[Name]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            return {(app, name) for app, name in cursor.fetchall()}
    except (OperationalError, ProgrammingError):
        if TABLE in connection.introspection.table_names():
            raise
        return set()
