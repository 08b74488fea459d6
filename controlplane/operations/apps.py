import gc
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created
from django.db.models.signals import post_delete

from controlplane.deployment.home import DATABASE_FILE
from controlplane.deployment.private_files import require_ownership


def keep_private(connection: Any, **_: Any) -> None:
    """Make SQLite's files private, which have the umask's mode. Raises OSError when they belong to another user."""
    file = settings.HOME.path / DATABASE_FILE
    if str(connection.settings_dict["NAME"]) == str(file):
        settings.HOME.guard()
        for each in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            with suppress(FileNotFoundError):
                require_ownership(each)


def forget_tags(instance: Any, **_: Any) -> None:
    """Delete the tags of a deleted bucket. The object store is a separate service without tags."""
    from controlplane.objectstore.models import bucket_crn  # noqa: PLC0415  models are not loaded before
    from trustedprofiles.services.tags import forget  # noqa: PLC0415  models are not loaded before

    forget(bucket_crn(instance.account_id, instance.service_instance, instance.name))


class OperationsConfig(AppConfig):
    name = "controlplane.operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from controlplane import celery  # noqa: F401, PLC0415  makes Baremint's Celery app the current one in every process

        connection_created.connect(keep_private)
        post_delete.connect(forget_tags, sender="objectstore.Bucket")

        # The modules that are loaded now stay until the process ends, so the collector need not examine them again. In
        # a forked child it would copy each memory page that it touches, and at the end of a short command it would take
        # longer than the command itself.
        gc.freeze()
