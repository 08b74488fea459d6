"""Connections that are checked before use, and a client with a time limit.

The server's limits (``statement_timeout``) do not help when the server itself hangs.
"""

import select
import threading
import time
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg import errors, pq

from controlplane.database.postgresql.patience import patience_now

INTERVAL = 0.1
"""Seconds between checks for Ctrl-C during a wait, as in Psycopg."""
REMEMBERED_SECONDS = 0.5
HURRIED_SECONDS = 0.5


class RecentFailures:
    """The server's failures in the last half second, so that requests do not wait for a failing server one by one.

    A statement that is not answered in time may just be slow, so the next ones get a shorter limit. When one of these
    is not answered either, or no connection is established in time, the server is away and nothing is sent to it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._suspected_at = self._away_at = float("-inf")
        self._failure = ""

    def refuse_if_away(self) -> None:
        """Raise OperationalError if the server is away."""
        with self._lock:
            if time.monotonic() - self._away_at < REMEMBERED_SECONDS:
                raise errors.OperationalError(self._failure)

    def is_suspected(self) -> bool:
        with self._lock:
            return time.monotonic() - self._suspected_at < REMEMBERED_SECONDS

    def suspect(self) -> None:
        with self._lock:
            self._suspected_at = time.monotonic()

    def is_away(self, failure: psycopg.Error) -> None:
        with self._lock:
            self._away_at, self._failure = time.monotonic(), str(failure)


_recent_failures = RecentFailures()


class Connection(psycopg.Connection[Any]):
    def wait(self, gen: Any, interval: float = INTERVAL, timeout: float | None = None) -> Any:
        """Wait for the server. Raises OperationalError at the time limit, after which the connection is closed."""
        seconds = timeout or patience_now()
        if seconds is None:
            return super().wait(gen, interval)
        _recent_failures.refuse_if_away()
        is_hurried = _recent_failures.is_suspected()
        if is_hurried:
            seconds = min(seconds, HURRIED_SECONDS)
        try:
            return super().wait(gen, interval, timeout=seconds)
        except errors._WaitTimeout:
            self.pgconn.finish()
            failure = errors.OperationalError(f"the database does not answer within {seconds:g} s")
            if is_hurried:
                _recent_failures.is_away(failure)
            else:
                _recent_failures.suspect()
            raise failure from None


class _Driver:
    """Psycopg with this module's ``Connection``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)

    @staticmethod
    def connect(**parameters: Any) -> Connection:
        return Connection.connect(**parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    Database: Any = _Driver()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        _recent_failures.refuse_if_away()
        try:
            return super().get_new_connection(conn_params)
        except errors.ConnectionTimeout as failure:  # a refusal, in contrast, comes at once
            _recent_failures.is_away(failure)
            raise

    def is_usable(self) -> bool:
        """Return whether the server has not ended the connection, without a query."""
        connection = self.connection
        if connection is None or connection.closed:
            return False
        waiting = select.poll()
        waiting.register(connection.pgconn.socket, select.POLLIN)
        try:
            while waiting.poll(0):  # a notice, or an error message and the end
                connection.pgconn.consume_input()
        except psycopg.Error:
            return False
        return bool(connection.pgconn.status == pq.ConnStatus.OK)
