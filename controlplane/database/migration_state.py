"""Which migrations the database lacks, or has too many: one query, and no migration is imported to find out."""

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from django.apps import apps
from django.db import OperationalError, ProgrammingError, connection

from controlplane import __version__

TABLE = "django_migrations"
APPLIED = "SELECT app, name FROM django_migrations"

Name = tuple[str, str]
"""Of a migration: its app's label, and its own."""


class CannotUpgrade(Exception):
    """Why the database cannot be brought to this version's state, and what to do."""


@dataclass(frozen=True)
class Comparison:
    """Of the migrations that a database has with those of this version."""

    missing: list[Name]
    unknown: list[Name]
    """A newer version has applied them."""

    def require_known(self) -> None:
        """Raises CannotUpgrade."""
        if self.unknown:
            name = ".".join(self.unknown[0]).encode("unicode_escape").decode()  # whatever stands there
            raise CannotUpgrade(
                f"The database belongs to a newer version of Baremint: it has the migration {name}, which "
                f"version {__version__} does not know. Run the newer version, or restore a copy from before."
            )


def compare(applied: set[Name] | None = None) -> Comparison:
    """With what is applied to Django's database, unless something else is given. Raises DatabaseError when the database
    does not answer."""
    found, ours = _applied() if applied is None else applied, of_this_version()
    return Comparison([name for name in ours if name not in found], sorted(found.difference(ours)))


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
            cursor.execute(APPLIED)
            return {(app, name) for app, name in cursor.fetchall()}
    except (OperationalError, ProgrammingError):
        if TABLE in connection.introspection.table_names():
            raise
        return set()
