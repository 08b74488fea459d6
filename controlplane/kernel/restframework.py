"""Django REST framework, without what it would use of packages that happen to be there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework.apps import RestFrameworkConfig

NOT_FOR_US = ("django.contrib.postgres", "requests", "pygments")
"""Its column types on PostgreSQL would load psycopg on SQLite too; the others are installed for development alone."""


class RestFramework(RestFrameworkConfig):
    def import_models(self) -> None:
        """Its module of optional packages is imported here, before a module of ours imports any other of its own."""
        with unavailable(*NOT_FOR_US):
            import rest_framework.compat  # noqa: F401, PLC0415
        super().import_models()


@contextmanager
def unavailable(*names: str) -> Iterator[None]:
    """Importing a module of one of these names raises ImportError, as if it was not installed. Those that were
    imported before stay, for whoever has them."""
    kept = {name: sys.modules[name] for name in names if name in sys.modules}
    absent: dict[str, Any] = dict.fromkeys(names)  # None is the documented mark of a module that is not there
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(kept)
