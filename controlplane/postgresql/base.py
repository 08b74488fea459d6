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

from controlplane.postgresql.patience import patience_now

INTERVAL = 0.1
"""Seconds, after which a wait looks for Ctrl-C: Psycopg's own."""
BETWEEN_TRIES = 1.0
"""Seconds. When a connection could not be made, others are not tried for so long: nobody waits in turn for the same."""


class Connection(psycopg.Connection[Any]):
    def wait(self, gen: Any, interval: float = INTERVAL, timeout: float | None = None) -> Any:
        """Raises OperationalError when no answer comes in time. The connection is of no use after that."""
        seconds = timeout or patience_now()
        try:
            return super().wait(gen, interval, timeout=seconds)
        except errors._WaitTimeout:
            self.pgconn.finish()
            raise errors.OperationalError(f"the database does not answer within {seconds:g} s") from None


class _Driver:
    """Psycopg, which connects as we do."""

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)

    @staticmethod
    def connect(**parameters: Any) -> Connection:
        return Connection.connect(**parameters)


class _Tries:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed_at = float("-inf")
        self._failure = ""

    def refuse_if_one_has_just_failed(self) -> None:
        with self._lock:
            if time.monotonic() - self._failed_at < BETWEEN_TRIES:
                raise errors.OperationalError(self._failure)

    def note(self, failure: psycopg.Error) -> None:
        with self._lock:
            self._failed_at, self._failure = time.monotonic(), str(failure)


_tries = _Tries()


class DatabaseWrapper(base.DatabaseWrapper):
    Database: Any = _Driver()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        _tries.refuse_if_one_has_just_failed()
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError as failure:
            _tries.note(failure)
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
