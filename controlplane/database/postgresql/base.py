"""A connection that is looked at before it is used, and a client that does not wait for ever.

The server's own limits (``statement_timeout``) do not help when it is the server that stands still.
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
"""Seconds, after which a wait looks for Ctrl-C: Psycopg's own."""
REMEMBERED_SECONDS = 0.5
HURRIED_SECONDS = 0.5


class Trouble:
    """What this process has just seen of the server, for a moment: nobody waits in turn for what others waited for.

    One statement that is not answered in time may be a slow one, so those after it are waited for less. When one of
    these is not answered either, or no connection comes about in time, the server is away: nothing is sent to it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._suspected_at = self._away_at = float("-inf")
        self._failure = ""

    def refuse_if_away(self) -> None:
        """Raises OperationalError."""
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


_trouble = Trouble()


class Connection(psycopg.Connection[Any]):
    def wait(self, gen: Any, interval: float = INTERVAL, timeout: float | None = None) -> Any:
        """Raises OperationalError when no answer comes in time. The connection is of no use after that."""
        seconds = timeout or patience_now()
        if seconds is None:
            return super().wait(gen, interval)
        _trouble.refuse_if_away()
        is_hurried = _trouble.is_suspected()
        if is_hurried:
            seconds = min(seconds, HURRIED_SECONDS)
        try:
            return super().wait(gen, interval, timeout=seconds)
        except errors._WaitTimeout:
            self.pgconn.finish()
            failure = errors.OperationalError(f"the database does not answer within {seconds:g} s")
            if is_hurried:
                _trouble.is_away(failure)
            else:
                _trouble.suspect()
            raise failure from None


class _Driver:
    """Psycopg, which connects as we do."""

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)

    @staticmethod
    def connect(**parameters: Any) -> Connection:
        return Connection.connect(**parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    Database: Any = _Driver()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        _trouble.refuse_if_away()
        try:
            return super().get_new_connection(conn_params)
        except errors.ConnectionTimeout as failure:  # a refusal comes at once, and costs nobody anything
            _trouble.is_away(failure)
            raise

    def is_usable(self) -> bool:
        """Whether the server has not ended the connection: looked at, without asking it."""
        connection = self.connection
        if connection is None or connection.closed:
            return False
        waiting = select.poll()
        waiting.register(connection.pgconn.socket, select.POLLIN)
        try:
            while waiting.poll(0):  # a notice, or last words and an end
                connection.pgconn.consume_input()
        except psycopg.Error:
            return False
        return bool(connection.pgconn.status == pq.ConnStatus.OK)
