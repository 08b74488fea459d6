"""What a refused request must not do: write to the database, or call another process."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "TRUNCATE")


def row_counts() -> dict[str, int]:
    """Rows of every table."""
    return {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}


@contextmanager
def nothing_is_written() -> Iterator[None]:
    """No statement that writes, and no row more or less anywhere."""
    before = row_counts()
    with CaptureQueriesContext(connection) as captured:
        yield
    assert [query["sql"] for query in captured if query["sql"].lstrip().upper().startswith(WRITES)] == []
    assert row_counts() == before


@contextmanager
def nothing_is_called(*but: tuple[str, int]) -> Iterator[None]:
    """No connection is opened, and no name looked up, but to these addresses."""
    called: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        connect, look_up = socket.socket.connect, socket.getaddrinfo

        def connecting(own: socket.socket, address: Any) -> None:
            if address not in but:
                called.append(address)
                raise OSError("no connection may be made here")
            connect(own, address)

        def looking_up(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
            if (host, port) not in but:
                called.append((host, port))
                raise OSError("no name may be looked up here")
            return look_up(host, port, *rest, **options)

        patch.setattr(socket.socket, "connect", connecting)
        patch.setattr(socket, "getaddrinfo", looking_up)
        yield
    assert called == []
