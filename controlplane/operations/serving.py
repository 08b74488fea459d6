"""The work of each service, for a process that is one already, and for a fork of one that has loaded everything."""

import os
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any

from celery.signals import beat_init, task_postrun
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from controlplane.celery import TICK, app
from controlplane.operations.lab.service import keep_lab
from controlplane.operations.lab.support import CannotIsolate
from controlplane.operations.supervisor import homelock, httpserver
from controlplane.operations.supervisor.process import Work
from controlplane.operations.supervisor.report import Report
from controlplane.operations.supervisor.stopping import StopRequested, StopRequests
from controlplane.operations.tls.doors import DoorServer
from controlplane.operations.tls.loopback import loopback_door
from identity import keystore

CONTROL_PLANE = "controlplane.wsgi"
METADATA = "controlplane.wsgi_inside"
LAB_SETTINGS = "controlplane.settings_lab"
SETTINGS = {CONTROL_PLANE: "controlplane.settings", METADATA: "controlplane.settings_inside"}


def take_settings(module: str) -> None:
    """Go on with the settings of this module. For a process that has answered nothing yet.

    What differs between the services is asked of the settings when it is needed, not when a module is loaded.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    for name, value in vars(import_module(module)).items():
        if name.isupper():
            setattr(settings, name, value)
    settings.SETTINGS_MODULE = module


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


@contextmanager
def reporting(report: Report, *causes: type[Exception]) -> Iterator[None]:
    """End this process with a report of why it cannot do its work."""
    reasons: tuple[type[Exception], ...] = (ImproperlyConfigured, *causes)
    try:
        yield
    except reasons as error:
        report.failed(str(error))
        raise SystemExit(1) from None


def http(wsgi: str, listening: socket.socket) -> Work:
    """A worker of an HTTP service; ``wsgi``: the module of its application."""

    def work(report: Report) -> None:
        take_settings(SETTINGS[wsgi])
        with reporting(report):
            refuse_wrong_kek()
        application = import_module(wsgi).application
        httpserver.serve(application, listening, threads=settings.BAREMINT_THREADS, ready=report.ready)

    return work


def tls(listening: socket.socket) -> Work:
    """The metadata service over TLS, at the servers' loopback addresses."""

    def work(report: Report) -> None:
        take_settings(SETTINGS[METADATA])
        serve_tls(listening, ready=report.ready)

    return work


def serve_tls(listening: socket.socket, *, ready: Callable[[], object]) -> None:
    """Serve until SIGTERM or SIGINT."""
    application = import_module(METADATA).application
    told_to_stop = _told_to_stop()
    with DoorServer(application, threads=settings.BAREMINT_WORKERS * settings.BAREMINT_THREADS) as server:
        server.open(loopback_door(listening))
        ready()
        told_to_stop.wait()


def lab() -> Work:
    """Every server as a set of kernel namespaces, until SIGTERM or ``baremint lab down``."""

    def work(report: Report) -> None:
        take_settings(LAB_SETTINGS)
        try:
            with reporting(report, CannotIsolate):
                keep_lab(StopRequests(), ready=report.ready)
        except homelock.AlreadyRunning:
            report.failed("The lab runs already.")
            raise SystemExit(1) from None
        except StopRequested:
            return

    return work


def _told_to_stop() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    return told


def worker(*options: str) -> Work:
    """A Celery worker. It is ready when it has taken its first tick."""

    def work(report: Report) -> None:
        def tell(task: Any, **_: Any) -> None:
            if task.name == TICK:
                task_postrun.disconnect(tell)
                report.ready()

        task_postrun.connect(tell, weak=False)
        os.environ["CELERY_SKIP_CHECKS"] = "1"  # of Django's: they are for who changes the code
        # Celery warns because a pickled task could run as root; CELERY_ACCEPT_CONTENT takes JSON alone.
        warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
        _celery(["worker", *options])

    return work


def beat(*options: str) -> Work:
    """The clock of Celery: it sends a tick every few seconds."""

    def work(report: Report) -> None:
        def tell(**_: Any) -> None:
            report.ready()

        beat_init.connect(tell, weak=False)
        _celery(["beat", *options])

    return work


def _celery(arguments: Sequence[str]) -> None:
    """``celery ARGUMENTS``, in this process."""
    raise SystemExit(app.start(["--quiet", *arguments, "--loglevel", settings.LOG_LEVEL]))
