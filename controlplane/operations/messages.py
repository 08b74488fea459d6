"""Messages that a worker cannot read: dropped, counted and told, without their bodies; none of them stops a worker.

Whatever is due stands in the database, so no work is lost with a message. Celery drops some of what it cannot read and
logs it whole; from the rest it dies, and is given it again by the next start.
"""

import threading
from collections.abc import Callable
from queue import Empty
from typing import Any

import structlog
from celery.app.task import Task as CelerysTask
from celery.exceptions import Ignore
from kombu.exceptions import InconsistencyError, OperationalError
from kombu.transport import redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

LONGEST_NAME = 128
BROKERS_FAULTS = (OSError, RedisError, InconsistencyError, OperationalError)
"""For Celery to deal with. Kombu counts KeyError among them, which a message can bring about."""


class Dropped:
    """How many messages this process has dropped since it was asked last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def note(self, reason: str, *, task: Any = None) -> None:
        """The name of a task is told; a body may hold anything."""
        with self._lock:
            self._count += 1
        log.error("a message was dropped", reason=reason, task=task[:LONGEST_NAME] if isinstance(task, str) else None)

    def take(self) -> int:
        with self._lock:
            count, self._count = self._count, 0
        return count

    def put_back(self, count: int) -> None:
        """They could not be told."""
        with self._lock:
            self._count += count


dropped = Dropped()


def task_of(message: Any) -> Any:
    return message.headers.get("task") if isinstance(message.headers, dict) else None


class Task(CelerysTask):
    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Celery checks arguments when a task is sent, by whoever sends it with Celery."""
        try:
            self.__header__(*args, **kwargs)  # type: ignore[attr-defined]
        except TypeError:
            dropped.note("it is no call of its task", task=self.name)
            raise Ignore from None


class QoS(redis.QoS):
    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        try:
            super().restore_by_tag(tag, client, leftmost)
        except BROKERS_FAULTS:
            raise
        except Exception as fault:
            dropped.note(f"it cannot be taken up again: {type(fault).__name__}")
            with self.channel.conn_or_acquire(client) as connection:  # type: ignore[attr-defined]
                self._remove_from_indices(tag, connection.pipeline()).execute()  # type: ignore[attr-defined]


class Channel(redis.Channel):
    """Where messages come in, as bytes that may be anything."""

    QoS = QoS

    def _receive(self, *arguments: Any) -> Any:
        """What is said to all workers."""
        try:
            return super()._receive(*arguments)  # type: ignore[misc]
        except (Empty, *BROKERS_FAULTS):
            raise
        except Exception as fault:
            dropped.note(f"it is no message to workers: {type(fault).__name__}")
            return True

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except (Empty, *BROKERS_FAULTS):
            raise
        except Exception as fault:
            dropped.note(f"it is no message: {type(fault).__name__}")
            return True

    def basic_consume(
        self,
        queue: str,
        no_ack: bool,
        callback: Callable[..., Any] | None,
        consumer_tag: str | None,
        **options: Any,
    ) -> str:
        def take(message: Any) -> Any:
            try:
                return callback(message) if callback else None
            except BROKERS_FAULTS:
                raise
            except Exception as fault:
                dropped.note(f"it cannot be taken: {type(fault).__name__}", task=task_of(message))
                if not message.acknowledged:
                    message.ack()

        return super().basic_consume(queue, no_ack, take, consumer_tag, **options)


class Transport(redis.Transport):
    Channel = Channel
