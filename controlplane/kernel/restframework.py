"""Django REST framework without its optional packages."""

from rest_framework.apps import RestFrameworkConfig

from controlplane.kernel.blocked_imports import unavailable

UNUSED_PACKAGES = ("django.contrib.postgres", "requests", "pygments", "uritemplate", "yaml")
"""Its column types for PostgreSQL would load psycopg on SQLite too, its OpenAPI support is not used, and the others are
installed for development only."""


class RestFramework(RestFrameworkConfig):
    def import_models(self) -> None:
        """Import DRF's module of optional packages before any other of its modules is imported."""
        with unavailable(*UNUSED_PACKAGES):
            import rest_framework.compat  # noqa: F401, PLC0415  it asks for apps that are loaded
        super().import_models()
