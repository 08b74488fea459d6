"""A broker in memory: what is sent for waits there until a test takes it, as a worker does."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kombu import Connection, Message

from controlplane.celery import app

URL = "memory://"


@contextmanager
def broker_in_memory() -> Iterator[None]:
    """Tasks are really sent, to an empty queue, instead of being done at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.conf, "broker_write_url", URL)
        patch.setitem(app.conf, "task_always_eager", False)
        while taken():
            pass
        yield


def taken() -> Message | None:
    """The message that waits longest, of those that no worker took; None when there is none."""
    with Connection(URL) as connection:
        queue = app.amqp.queues[app.conf.task_default_queue](connection.default_channel)
        queue.declare()
        answer: Message | None = queue.get(accept=["json"], no_ack=True)
        return answer
