"""What the ``serve_...`` commands share."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
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


def with_settings(module: str, command: str, *arguments: str) -> None:
    """Go on with these settings: they are read once a process, and the services have different ones."""
    if module != settings.SETTINGS_MODULE:
        os.environ["DJANGO_SETTINGS_MODULE"] = module
        os.execv(sys.executable, [sys.executable, "-m", "controlplane", command, *arguments])  # noqa: S606


def until_told_to_stop() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    return told


class ServeCommand(BaseCommand):
    """Serve an application with Granian."""

    requires_system_checks = []
    settings_module: ClassVar[str]
    application: ClassVar[str]
    endpoint: ClassVar[Callable[[], Endpoint]]

    def handle(self, *args: Any, **options: Any) -> None:
        with_settings(self.settings_module, type(self).__module__.rpartition(".")[2])
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
