"""Django REST framework, without what it would use of packages that happen to be there."""

from rest_framework.apps import RestFrameworkConfig

from controlplane.kernel.blocked_imports import unavailable

NOT_FOR_US = ("django.contrib.postgres", "requests", "pygments", "uritemplate", "yaml")
"""Its column types on PostgreSQL would load psycopg on SQLite too, its own OpenAPI is not ours, and the others are
installed for development alone."""


class RestFramework(RestFrameworkConfig):
    def import_models(self) -> None:
        """Its module of optional packages is imported here, before a module of ours imports any other of its own."""
        with unavailable(*NOT_FOR_US):
            import rest_framework.compat  # noqa: F401, PLC0415  it asks for apps that are loaded
        super().import_models()
