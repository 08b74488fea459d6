"""A transport that drops malformed messages. Every client of the broker can write to its queues.

Each message is checked as a whole before Celery gets it. Celery logs the contents of some messages that it cannot read,
keeps some of them, and ends with an error at others, which the next worker then gets. A message that this product does
not send is dropped, counted and logged without its body. What is due is in the database, so no work is lost with it.
"""

import threading
from queue import Empty
from typing import Any

import structlog
from celery import current_app
from kombu.exceptions import InconsistencyError, OperationalError
from kombu.transport import redis
from redis.exceptions import ConnectionError as BrokerAway
from redis.exceptions import DataError, RedisError

from controlplane.jobs.message_format import MalformedMessage, check_delivery, check_question, check_task

log = structlog.get_logger(__name__)

LONGEST_NAME = 128
ANSWERS, QUESTIONS = ".reply.celery.pidbox", ".celery.pidbox"
"""Suffixes of the queues that have no tasks: answers of workers, and commands to all workers."""
BROKERS_FAULTS = (OSError, RedisError, InconsistencyError, OperationalError)
"""Celery handles these. Kombu counts KeyError among them, which a malformed message can cause."""


class Dropped:
    """The number of messages that this process has dropped since the last call of ``take``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def note(self, reason: str, *, task: Any = None) -> None:
        """Count and log a message: the name of its task, not its body, which may contain a secret."""
        with self._lock:
            self._count += 1
        log.error("a message was dropped", reason=reason, task=task[:LONGEST_NAME] if isinstance(task, str) else None)

    def take(self) -> int:
        with self._lock:
            count, self._count = self._count, 0
        return count

    def put_back(self, count: int) -> None:
        """Count these again: their number could not be stored."""
        with self._lock:
            self._count += count


dropped = Dropped()


def is_accepted(raw: Any, queue: str) -> bool:
    """Return whether Celery may get the message. Other messages are dropped."""
    try:
        check_delivery(raw)
        if queue.endswith(ANSWERS):
            return True
        if queue.endswith(QUESTIONS):
            check_question(raw)
        else:
            check_task(raw, current_app.tasks)
    except MalformedMessage as error:
        headers = raw.get("headers") if isinstance(raw, dict) else None
        dropped.note(str(error), task=headers.get("task") if isinstance(headers, dict) else None)
        return False
    return True


class QoS(redis.QoS):
    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Put a message that a worker had taken and not finished back into its queue."""
        try:
            super().restore_by_tag(tag, client, leftmost)
        except DataError as fault:
            self._drop(tag, client, fault)
        except BROKERS_FAULTS:
            raise
        except Exception as fault:
            self._drop(tag, client, fault)

    def _drop(self, tag: str, client: Any, fault: Exception) -> None:
        dropped.note(f"it cannot be taken up again: {type(fault).__name__}")
        with self.channel.conn_or_acquire(client) as connection:  # type: ignore[attr-defined]
            self._remove_from_indices(tag, connection.pipeline()).execute()  # type: ignore[attr-defined]


class Channel(redis.Channel):
    """Reads messages, which may be any bytes."""

    QoS = QoS

    def _receive_one(self, *arguments: Any) -> Any:
        """Read a command to all workers."""
        try:
            return super()._receive_one(*arguments)  # type: ignore[misc]
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

    def _do_restore_message(self, payload: Any, exchange: Any, routing_key: Any, *arguments: Any) -> None:
        if not (isinstance(exchange, str) and isinstance(routing_key, str)):
            dropped.note("it cannot be taken up again: it came from no queue")
        elif is_accepted(payload, routing_key):
            super()._do_restore_message(payload, exchange, routing_key, *arguments)  # type: ignore[misc]


class Transport(redis.Transport):
    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        if is_accepted(message, queue or ""):
            super()._deliver(message, queue)


def remove_keys_of_other_kinds(client: Any) -> None:
    """Remove keys that have the names of Celery's keys and another type.

    A worker would end with an error at each start. ``client`` is one of redis-py. When the broker does
    not answer, Celery handles that.
    """
    kinds = {b"unacked": b"hash", b"unacked_index": b"zset", b"unacked_mutex": b"string"}
    queue = current_app.conf.task_default_queue.encode()
    try:
        for pattern, kind in ((queue, b"list"), (queue + b"\x06\x16*", b"list"), (b"_kombu.binding.*", b"set")):
            kinds |= dict.fromkeys(client.scan_iter(pattern), kind)
        for key, kind in kinds.items():
            if client.type(key) not in (kind, b"none"):
                client.delete(key)
                dropped.note(f"the key {key.decode(errors='replace')} of the broker is no {kind.decode()}")
    except (BrokerAway, OSError) as error:
        log.warning("the broker cannot be looked through", reason=str(error))
