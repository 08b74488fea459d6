"""JSON logs on standard output: one line for each event, with the request id also in Celery tasks, without secrets.

Their times are the machine's, like those of other programs.
"""

import logging
import logging.config
import sys
import threading
import time
from collections.abc import MutableMapping
from typing import Any

from controlplane.kernel import context
from controlplane.kernel.blocked_imports import unavailable
from controlplane.kernel.database_failures import is_database_failure, one_line
from controlplane.kernel.redaction import conceal

with unavailable("rich", "greenlet"):  # coloured tracebacks and green threads are useless in JSON lines
    import structlog


def _add_request_id(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if request := context.current.get():
        event.setdefault("request_id", request.request_id)
    return event


def _shorten_database_failures(logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
    """Replace the traceback of a database failure by its reason: the place says nothing, and there may be many."""
    exc_info = event.get("exc_info")
    failure = exc_info[1] if isinstance(exc_info, tuple) else exc_info if isinstance(exc_info, BaseException) else None
    if exc_info is True:
        failure = sys.exc_info()[1]
    if failure is not None and is_database_failure(failure):
        del event["exc_info"]
        event["reason"] = one_line(failure)
    return event


def _conceal(logger: Any, method: str, line: Any) -> str:
    return conceal(line)


class RateLimit(logging.Filter):
    """Limits warnings and errors of one kind per minute, so that clients cannot fill the disk with them.

    The first one after the minute has the number of those that were left out.
    """

    MOST = 60
    SECONDS = 60
    MOST_KINDS = 1000

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, str], list[float]] = {}
        """For each kind: the start of its minute, the number of records in it, and how many were left out."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        event = record.msg if isinstance(record.msg, dict) else None
        kind = record.name, str(event.get("event") if event else record.msg)
        with self._lock:
            now = time.monotonic()
            if len(self._kinds) > self.MOST_KINDS:
                self._kinds.clear()
            window = self._kinds.setdefault(kind, [now, 0, 0])
            if now - window[0] >= self.SECONDS:
                if window[2] and event is not None:
                    event["left_out"] = int(window[2])
                window[:] = [now, 0, 0]
            window[1] += 1
            if window[1] > self.MOST:
                window[2] += 1
                return False
        return True


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _add_request_id,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG hook. ``options``: ``{"level": "INFO"}``."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": SHARED,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        _shorten_database_failures,
                        structlog.processors.format_exc_info,
                        structlog.processors.JSONRenderer(),
                        _conceal,  # on the whole line, so that nested and rendered values are covered
                    ],
                }
            },
            "filters": {"few alike": {"()": RateLimit}},
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["few alike"]},
            },
            "root": {"handlers": ["stdout"], "level": options["level"]},
            "loggers": {
                # Django logs each 4xx as a warning, but refusals are in the activity events.
                "django.request": {"level": "ERROR"},
                "django.security": {"level": "ERROR"},
                # controlplane/celery.py logs the end of each task, with the id of the request that sent it.
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "ERROR"},
                # Its warnings contain whole messages.
                "kombu.transport.redis": {"level": "ERROR"},
                # An unknown Host is refused with 400; a stack trace for each would fill the log.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
            },
        }
    )
