"""JSON logs on standard output, one line an event, with the request id through to Celery, and no secret in them.

Their times are the machine's, for that is what the lines of other programs have.
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
from controlplane.kernel.database_failures import is_of_the_database, one_line
from controlplane.kernel.redaction import conceal

with unavailable("rich", "greenlet"):  # tracebacks in colours, and threads that are none: of no use in JSON lines
    import structlog


def _add_request_id(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if request := context.current.get():
        event.setdefault("request_id", request.request_id)
    return event


def _shorten_failures_of_the_database(logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
    """Where it was noticed says nothing of them, and while the database is away there are many."""
    known = event.get("exc_info")
    failure = known[1] if isinstance(known, tuple) else known if isinstance(known, BaseException) else None
    if known is True:
        failure = sys.exc_info()[1]
    if failure is not None and is_of_the_database(failure):
        del event["exc_info"]
        event["reason"] = one_line(failure)
    return event


def _conceal(logger: Any, method: str, line: Any) -> str:
    return conceal(line)


class FewAlike(logging.Filter):
    """Lets through so many warnings or errors of one kind in a minute: what strangers can bring about again and again
    fills no disk. The first one after that tells how many were left out."""

    MOST = 60
    SECONDS = 60
    MOST_KINDS = 1000

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, str], list[float]] = {}
        """When its minute began, how many came in it, and how many were left out."""

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
                        _shorten_failures_of_the_database,
                        structlog.processors.format_exc_info,
                        structlog.processors.JSONRenderer(),
                        _conceal,  # the whole line: whatever was logged, however it was nested or rendered
                    ],
                }
            },
            "filters": {"few alike": {"()": FewAlike}},
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["few alike"]},
            },
            "root": {"handlers": ["stdout"], "level": options["level"]},
            "loggers": {
                # Django logs each 4xx as a warning; the activity record is where refusals are kept.
                "django.request": {"level": "ERROR"},
                "django.security": {"level": "ERROR"},
                # controlplane/celery.py says how each task ended, with the id of the request that sent it.
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "ERROR"},
                # It warns of messages with all that is in them.
                "kombu.transport.redis": {"level": "ERROR"},
                # A stranger's Host is refused with 400; a stack trace for each would fill the log.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
            },
        }
    )
