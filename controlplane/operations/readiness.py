"""Why the control plane could not serve right now."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from controlplane.operations import broker
from controlplane.operations.program import paste
from identity.selectors import active_key

ASK_SECONDS = 1.0


def obstacles() -> dict[str, str]:
    """What is missing, by the part that misses it. Empty when the product is ready."""
    found: dict[str, str] = {}
    try:
        if _unapplied_migrations():
            found["database"] = f"Migrations are not applied. Run: {paste('migrate')}"
        elif missing := [purpose for purpose in settings.KEY_POLICIES if active_key(purpose) is None]:
            found["keys"] = f"No active key for {', '.join(missing)}. Run: {paste('bootstrap')}"
    except DatabaseError:
        found["database"] = "The database does not answer. Check DATABASE_URL."
    if not broker.answers(seconds=ASK_SECONDS):
        found["broker"] = "The broker does not answer. Check REDIS_URL."
    return found


def _unapplied_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
