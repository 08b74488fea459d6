"""What a worker says of a message that is for no task of ours: Celery would log its body."""

from typing import Any

import structlog
from celery.worker.consumer import Consumer as CelerysConsumer

from controlplane.operations.messages import dropped, task_of

log = structlog.get_logger(__name__)


class Consumer(CelerysConsumer):
    def on_unknown_message(self, body: Any, message: Any) -> None:
        self._drop(message, "it names no task")

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._drop(message, "there is no such task")

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._drop(message, "it is no call of its task")

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        self._drop(message, "its body cannot be read")

    def _drop(self, message: Any, reason: str) -> None:
        dropped.note(reason, task=task_of(message))
        message.ack_log_error(log, self.connection_errors)  # type: ignore[attr-defined]
