"""The work of each service, for a process of its own or for a fork."""

import os
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import structlog
from celery import beat
from celery.signals import task_postrun, worker_init, worker_ready
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from controlplane.celery import app
from controlplane.database.postgresql.patience import set_patience
from controlplane.deployment.env import WrongSetting
from controlplane.jobs.worker_checks import refuse_wrong_kek
from controlplane.kernel import internal_calls
from controlplane.kernel.task_names import TICK
from controlplane.lab.service import LabError, run_lab
from controlplane.objectstore import files, quota, request_bodies
from controlplane.runtime.http.limits import Limits, most_connections
from controlplane.runtime.http.listener import Listener, no_share
from controlplane.runtime.http.service import Service
from controlplane.runtime.http.threads import Threads
from controlplane.runtime.refusals import OBJECT_STORE, refuse
from controlplane.runtime.supervisor.child_start import Work
from controlplane.runtime.supervisor.start_report import Report
from controlplane.runtime.supervisor.stop_requests import StopRequested, StopRequests
from controlplane.runtime.tls.loopback import loopback_listener, server_address
from identity import key_encryption

log = structlog.get_logger(__name__)

WORKER_THREADS = 4
ANSWER_SECONDS = 5.0
"""How long a request waits for PostgreSQL's response to one statement."""
HEALTH = frozenset({"/healthz", "/readyz", "/metrics"})
LAB_THREADS = 8
CONTROL_PLANE = "controlplane.wsgi"
METADATA = "controlplane.wsgi_inside"
LAB_SETTINGS = "controlplane.settings_lab"
SETTINGS = {CONTROL_PLANE: "controlplane.settings", METADATA: "controlplane.settings_inside"}


def take_settings(module: str) -> None:
    """Replace the settings by those of this module, in a process that has answered no request yet.

    Settings that differ between services must therefore be read when they are used, not when a module is imported.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    for name, value in vars(import_module(module)).items():
        if name.isupper():
            setattr(settings, name, value)
    settings.SETTINGS_MODULE = module


@contextmanager
def reporting(report: Report, *causes: type[Exception]) -> Iterator[None]:
    """End this process with a report of why it cannot do its work."""
    reasons: tuple[type[Exception], ...] = (ImproperlyConfigured, WrongSetting, *causes)
    try:
        with settings.HOME.usable():
            yield
    except reasons as error:
        report.failed(str(error))
        raise SystemExit(1) from None


def check_kek(report: Report) -> None:
    """Report an error when the stored keys cannot be decrypted. It runs in a child process (compare ``prepare``)."""
    with reporting(report):
        key_encryption.refuse_wrong_kek()
    report.ready()


def http(wsgi: str, listening: socket.socket) -> Work:
    """Return the work of a worker of an HTTP service. ``wsgi`` is the module of its application."""

    def work(report: Report) -> None:
        take_settings(SETTINGS[wsgi])
        listeners = [Listener(listening, share=server_address if wsgi == METADATA else no_share)]
        if wsgi == CONTROL_PLANE:
            threads = Threads(1, name="own call")
            listeners.append(
                Listener(
                    internal_calls.listen(),
                    accepts=internal_calls.is_this_process,
                    share=lambda _: internal_calls.SHARE,
                    threads=threads,
                )
            )
        # A connection of the control plane may have a body that is stored in a file.
        service = of(wsgi, threads=settings.BAREMINT_THREADS, files_of_each=2 if wsgi == CONTROL_PLANE else 1)
        service.run(*listeners, ready=_announced(listening, report.ready))

    return work


def of(wsgi: str, *, threads: int, files_of_each: int = 1) -> Service:
    """Return the HTTP service of this application, without listeners.

    ``files_of_each`` is the number of open files of a connection.
    """
    limit, limits = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, Limits()
    of_object = request_bodies.largest_body(min(request_bodies.LARGEST_OBJECT, quota.largest()))
    if wsgi == CONTROL_PLANE:
        limits = Limits(spool_folder=files.make_folder())

    def largest_body(path: str) -> int:
        return of_object if wsgi == CONTROL_PLANE and path.lstrip("/").startswith(f"{OBJECT_STORE}/") else limit

    set_patience(ANSWER_SECONDS)
    return Service(
        import_module(wsgi).application,
        threads=threads,
        largest_body=largest_body,
        refuse=refuse,
        most=most_connections() // files_of_each,
        dedicated=HEALTH,
        limits=limits,
    )


def tls(listening: socket.socket) -> Work:
    """Return the work of the metadata service over TLS, at the servers' loopback addresses."""

    def work(report: Report) -> None:
        take_settings(SETTINGS[METADATA])
        serve_tls(listening, ready=report.ready)

    return work


def serve_tls(listening: socket.socket, *, ready: Callable[[], object]) -> None:
    """Serve until SIGTERM or SIGINT."""
    service = of(METADATA, threads=settings.BAREMINT_WORKERS * settings.BAREMINT_THREADS)
    service.run(loopback_listener(listening), ready=_announced(listening, ready))


def lab_service() -> Service:
    """Return the metadata service of the lab, whose process also relays connections to the control plane."""
    return of(METADATA, threads=LAB_THREADS, files_of_each=2)


def _announced(listening: socket.socket, ready: Callable[[], object]) -> Callable[[], None]:
    """Return a function that logs the address of the service and then calls ``ready``."""

    def announce() -> None:
        host, port = listening.getsockname()[:2]
        log.info("it listens", address=f"{host}:{port}")
        ready()

    return announce


def lab() -> Work:
    """Return the work of the lab, which ends with SIGTERM or ``baremint lab down``."""

    def work(report: Report) -> None:
        take_settings(LAB_SETTINGS)
        try:
            with reporting(report, LabError):
                run_lab(StopRequests(), lab_service, ready=report.ready, tidy=lambda: None)
        except StopRequested:
            return

    return work


def worker(node: str) -> Work:
    """Return the work of a Celery worker of this name, with beat in a thread. It is ready after its first tick."""

    def work(report: Report) -> None:
        def tell(task: Any, **_: Any) -> None:
            if task.name == TICK:
                task_postrun.disconnect(tell)
                report.ready()

        def begin_to_tick(**_: Any) -> None:
            threading.Thread(target=_tick, name="beat", daemon=True).start()

        worker_init.disconnect(refuse_wrong_kek)  # ``up`` has checked it already
        task_postrun.connect(tell, weak=False)
        worker_ready.connect(begin_to_tick, weak=False)
        os.environ["CELERY_SKIP_CHECKS"] = "1"  # Django's checks are for developers
        # Celery warns because a pickled task could run as root, but CELERY_ACCEPT_CONTENT allows JSON only.
        warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
        celery_worker = app.Worker(
            hostname=node,
            # Threads, because tasks wait for the database, and a pool of processes would need supervision.
            pool="threads",
            concurrency=WORKER_THREADS,
            loglevel=settings.LOG_LEVEL,
            quiet=True,
            without_gossip=True,
            without_mingle=True,
        )
        celery_worker.start()
        raise SystemExit(celery_worker.exitcode)

    return work


def _tick() -> None:
    """Run beat. When it ends, so does the worker, which is useless without ticks; the supervisor restarts both."""
    try:
        beat.Service(app, scheduler_cls=beat.Scheduler).start()
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
