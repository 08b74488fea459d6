"""The Celery application; ``celery -A controlplane.celery worker`` finds it here.

The id of the request that sends a task is in the task's headers, and the task's events and log lines have it too. A
task from beat has its own id instead.
"""

import os
import signal
import sys
import time
from typing import Any

import structlog
from django.conf import settings

from controlplane.deployment.home import UnusableHome
from controlplane.kernel import context
from controlplane.kernel.blocked_imports import unavailable
from controlplane.kernel.task_names import TICK

with unavailable("greenlet", "yaml"):  # tasks run in threads, and travel as JSON
    import celery.fixups.django  # noqa: F401  Celery would load it a moment later
    from celery import Celery
    from celery.signals import beat_init, before_task_publish, task_postrun, task_prerun, worker_init, worker_ready
    from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
for name in ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL", "CELERY_RESULT_BACKEND"):
    os.environ.pop(name, None)  # of another project: Celery would prefer them to REDIS_URL
for scheme in ("redis", "rediss"):
    TRANSPORT_ALIASES[scheme] = "controlplane.jobs.broker_transport:Transport"
path = sys.path[:]
app = Celery("baremint")
sys.path[:] = path  # Celery puts the current directory first, which may be untrusted
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

log = structlog.get_logger(__name__)

HEADER = "baremint_request_id"
LONGEST_REQUEST_ID = LONGEST_ARGUMENT = 128


@before_task_publish.connect
def carry_request_id(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and (request := context.current.get()):
        headers[HEADER] = request.request_id


@task_prerun.connect
def take_on_request_id(task_id: str, task: Any, **_: Any) -> None:
    carried = str(task.request.get(HEADER) or task_id)[:LONGEST_REQUEST_ID]
    request = context.RequestContext(request_id=carried, method="TASK", path=task.name)
    task.request.before = context.current.set(request)
    task.request.began = time.monotonic()


@task_postrun.connect
def put_down_request_id(task: Any, state: str, **_: Any) -> None:
    # A routine task is not worth a line when it ends well: a tick does next to nothing, and a job logs what it did.
    if not getattr(task, "is_routine", False) or state != "SUCCESS":
        milliseconds = int((time.monotonic() - task.request.began) * 1000)
        arguments = [str(each)[:LONGEST_ARGUMENT] for each in task.request.args or ()]
        log.info("task ended", task=task.name, state=state, ms=milliseconds, arguments=arguments)
    context.current.reset(task.request.before)


@worker_ready.connect
def tick_at_once(**_: Any) -> None:
    """Start due work at once instead of waiting for beat."""
    send_tick()


def send_tick() -> None:
    for queue in app.amqp.queues.consume_from:
        app.send_task(TICK, queue=queue, expires=app.conf.beat_schedule["tick"]["options"]["expires"])


@worker_ready.connect
def stop_at_once_when_told_to(sender: Any, **_: Any) -> None:
    """Shorten the stop of a worker, which waits a second for a message of the broker.

    The signal wakes it and sends a tick, which ends the wait and returns to the queue for the next worker.
    """
    from celery.worker import state  # noqa: PLC0415  only workers need it

    if sender.hub is None:
        return
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def wake() -> None:
        os.read(reading, 4096)
        if state.should_stop is not None:
            send_tick()

    sender.hub.add_reader(reading, wake)


@worker_init.connect
@beat_init.connect
def secure_the_data_directory(**_: Any) -> None:
    """Make the data directory private, as every process does that is started on its own."""
    os.umask(0o077)
    try:
        with settings.HOME.usable():
            settings.HOME.tighten()
    except UnusableHome as error:
        sys.exit(f"It does not start: {error}")
