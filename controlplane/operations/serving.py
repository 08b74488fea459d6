"""What the two ``serve_...`` commands share."""

import os
import sys
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from controlplane.operations.supervisor import httpserver
from controlplane.operations.supervisor.sockets import Endpoint, PortUnavailable
from identity import keystore


def refuse_wrong_kek() -> None:
    """Raises ImproperlyConfigured, so that no process serves or works that cannot read the keys, or would make others.

    A database that does not answer yet is no reason: readiness says so for as long as it lasts.
    """
    try:
        keystore.require_fitting_kek()
    except DatabaseError:
        pass
    finally:
        connections.close_all()


class ServeCommand(BaseCommand):
    requires_system_checks = []
    settings_module: ClassVar[str]
    application: ClassVar[str]
    endpoint: ClassVar[Callable[[], Endpoint]]

    def handle(self, *args: Any, **options: Any) -> None:
        if self.settings_module != settings.SETTINGS_MODULE:
            # Settings are read once a process, and the two services have different ones.
            os.environ["DJANGO_SETTINGS_MODULE"] = self.settings_module
            command = type(self).__module__.rpartition(".")[2]
            os.execv(sys.executable, [sys.executable, "-m", "controlplane", command])  # noqa: S606
        try:
            refuse_wrong_kek()
            httpserver.serve(
                self.application,
                type(self).endpoint(),
                workers=settings.BAREMINT_WORKERS,
                threads=settings.BAREMINT_THREADS,
            )
        except (PortUnavailable, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
