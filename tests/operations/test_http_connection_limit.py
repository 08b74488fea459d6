"""Which connections are ended when there are too many, or when too much of their responses is unread."""

from typing import Any

import pytest

from controlplane.runtime.http.connection_limit import FOREVER, ConnectionLimit
from controlplane.runtime.http.limits import Limits


class WaitingConnection:
    """A connection that only waits."""

    def __init__(self, share: Any, deadline: float = 1.0) -> None:
        self.share, self.deadline, self.aborted = share, deadline, False

    def check_deadline(self, now: float) -> None: ...

    def abort(self) -> None:
        self.aborted = True
        self.limit.remove(self)

    limit: ConnectionLimit


@pytest.fixture
def limit() -> ConnectionLimit:
    return ConnectionLimit(Limits(unfinished_of_one=3, fair_seconds=1, waiting_answers=100), most=8, wake=lambda: None)


def add(limit: ConnectionLimit, *waiting: WaitingConnection) -> None:
    for connection in waiting:
        connection.limit = limit
        limit.add(connection)


def test_too_many_unfinished_requests_of_one_server_end_its_oldest_connection(limit: ConnectionLimit) -> None:
    mine, others = [WaitingConnection("a") for _ in range(4)], [WaitingConnection("b") for _ in range(3)]
    add(limit, *mine, *others)
    for now, connection in enumerate([*others, *mine]):
        limit.begin(connection, float(now * 2))
    assert [connection.aborted for connection in mine] == [True, False, False, False]
    assert not any(connection.aborted for connection in others)


def test_a_burst_of_one_server_is_given_time(limit: ConnectionLimit) -> None:
    burst = [WaitingConnection("a") for _ in range(6)]
    add(limit, *burst)
    for connection in burst:
        limit.begin(connection, 0.5)
    assert not any(connection.aborted for connection in burst)


def test_unfinished_requests_of_callers_who_cannot_be_told_apart_are_not_counted_together(
    limit: ConnectionLimit,
) -> None:
    all_of_them = [WaitingConnection(None) for _ in range(7)]
    add(limit, *all_of_them)
    for now, connection in enumerate(all_of_them):
        limit.begin(connection, now * 10.0)
    assert not any(connection.aborted for connection in all_of_them)


def test_the_connections_of_the_share_with_most_are_ended_first(limit: ConnectionLimit) -> None:
    few, many = (
        [WaitingConnection("few", 1.0), WaitingConnection("few", 1.0)],
        [WaitingConnection("many", deadline) for deadline in range(2, 8)],
    )
    add(limit, *few, *many, WaitingConnection("new"))
    assert [connection.aborted for connection in few] == [False, False]
    assert [connection.aborted for connection in many] == [True, *[False] * 5]


def test_an_unfinished_request_is_ended_before_an_idle_connection(limit: ConnectionLimit) -> None:
    idle, unfinished = (
        [WaitingConnection(None, 1.0) for _ in range(4)],
        [WaitingConnection(None, 2.0) for _ in range(4)],
    )
    add(limit, *idle, *unfinished)
    for connection in unfinished:
        limit.begin(connection, 0.0)
    add(limit, WaitingConnection(None))
    assert [connection.aborted for connection in unfinished] == [True, False, False, False]
    assert not any(connection.aborted for connection in idle)


def test_a_request_that_a_thread_processes_is_not_ended(limit: ConnectionLimit) -> None:
    busy = [WaitingConnection(None, FOREVER) for _ in range(8)]
    add(limit, *busy, WaitingConnection(None))
    assert not any(connection.aborted for connection in busy)


def test_too_many_unread_bytes_end_the_connection_with_most_of_them(limit: ConnectionLimit) -> None:
    waiting = [WaitingConnection("a") for _ in range(3)]
    add(limit, *waiting)
    for connection, size in zip(waiting, (30, 60, 20), strict=True):
        limit.set_unread(connection, size)
    assert [connection.aborted for connection in waiting] == [False, True, False]
