"""Compare the applied migrations with those of this version, with one query and without importing migrations."""

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
"""App label and name of a migration."""


class CannotUpgrade(Exception):
    """The message says why the database cannot be upgraded to this version and what to do."""


@dataclass(frozen=True)
class Comparison:
    """The differences between the migrations of a database and those of this version."""

    missing: list[Name]
    unknown: list[Name]
    """Migrations of a newer version."""

    def require_known(self) -> None:
        """Raise CannotUpgrade for a database of a newer version."""
        if self.unknown:
            name = ".".join(self.unknown[0]).encode("unicode_escape").decode()  # the table may contain any text
            raise CannotUpgrade(
                f"The database belongs to a newer version of Baremint: it has the migration {name}, which "
                f"version {__version__} does not know. Run the newer version, or restore a copy from before."
            )


def compare(applied: set[Name] | None = None) -> Comparison:
    """Compare ``applied``, by default the migrations of Django's database, with this version. Raises DatabaseError."""
    present, ours = _applied() if applied is None else applied, of_this_version()
    return Comparison([name for name in ours if name not in present], sorted(present.difference(ours)))


@cache
def of_this_version() -> tuple[Name, ...]:
    """Return all migrations of this version, by app."""
    return tuple((app.label, name) for app in apps.get_app_configs() for name in _modules(f"{app.name}.migrations"))


def _modules(package: str) -> list[str]:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return []
    modules = pkgutil.iter_modules(spec.submodule_search_locations)
    return sorted(each.name for each in modules if not each.ispkg and each.name[0] not in "_~")  # as Django does


def _applied() -> set[Name]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(APPLIED)
            return {(app, name) for app, name in cursor.fetchall()}
    except (OperationalError, ProgrammingError):
        if TABLE in connection.introspection.table_names():
            raise
        return set()
