import gc
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created
from django.db.models.signals import post_delete

from controlplane.deployment.home import DATABASE_FILE
from controlplane.deployment.private_files import require_ours


def keep_private(connection: Any, **_: Any) -> None:
    """SQLite makes its files as the umask says. Raises OSError when they are another user's."""
    file = settings.HOME.path / DATABASE_FILE
    if str(connection.settings_dict["NAME"]) == str(file):
        settings.HOME.guard()
        for each in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            with suppress(FileNotFoundError):
                require_ours(each)


def forget_tags(instance: Any, **_: Any) -> None:
    """A bucket that is deleted: the object store, an outside service, knows nothing of tags."""
    from controlplane.objectstore.models import bucket_crn  # noqa: PLC0415  models are not loaded before
    from trustedprofiles.services.tags import forget  # noqa: PLC0415  models are not loaded before

    forget(bucket_crn(instance.account_id, instance.service_instance, instance.name))


class OperationsConfig(AppConfig):
    name = "controlplane.operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from controlplane import celery  # noqa: F401, PLC0415  makes our Celery app the current one in every process

        connection_created.connect(keep_private)
        post_delete.connect(forget_tags, sender="objectstore.Bucket")

        # What is loaded by now stays until the process ends. The collector need not look at it again: not while the
        # rest is imported, not in a forked child, whose copy of each page that it touches is its own, and not at the
        # end, where it would take longer than a short command itself.
        gc.freeze()
