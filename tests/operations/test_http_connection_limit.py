"""Who has to go when there are too many, or when too much waits for them."""

from typing import Any

import pytest

from controlplane.runtime.http.connection_limit import FOREVER, Crowd
from controlplane.runtime.http.limits import Limits


class Someone:
    """A member of the crowd that only waits."""

    def __init__(self, share: Any, deadline: float = 1.0) -> None:
        self.share, self.deadline, self.aborted = share, deadline, False

    def look(self, now: float) -> None: ...

    def abort(self) -> None:
        self.aborted = True
        self.crowd.leave(self)

    crowd: Crowd


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(Limits(unfinished_of_one=3, fair_seconds=1, waiting_answers=100), most=8, wake=lambda: None)


def join(crowd: Crowd, *members: Someone) -> None:
    for member in members:
        member.crowd = crowd
        crowd.join(member)


def test_what_is_unfinished_of_one_server_ends_with_its_oldest(crowd: Crowd) -> None:
    mine, others = [Someone("a") for _ in range(4)], [Someone("b") for _ in range(3)]
    join(crowd, *mine, *others)
    for now, member in enumerate([*others, *mine]):
        crowd.arriving(member, float(now * 2))
    assert [member.aborted for member in mine] == [True, False, False, False]
    assert not any(member.aborted for member in others)


def test_a_burst_of_one_server_is_given_time(crowd: Crowd) -> None:
    burst = [Someone("a") for _ in range(6)]
    join(crowd, *burst)
    for member in burst:
        crowd.arriving(member, 0.5)
    assert not any(member.aborted for member in burst)


def test_unfinished_requests_of_callers_who_cannot_be_told_apart_are_not_counted_together(crowd: Crowd) -> None:
    all_of_them = [Someone(None) for _ in range(7)]
    join(crowd, *all_of_them)
    for now, member in enumerate(all_of_them):
        crowd.arriving(member, now * 10.0)
    assert not any(member.aborted for member in all_of_them)


def test_room_is_made_by_the_client_with_most_connections(crowd: Crowd) -> None:
    few, many = [Someone("few", 1.0), Someone("few", 1.0)], [Someone("many", deadline) for deadline in range(2, 8)]
    join(crowd, *few, *many, Someone("new"))
    assert [member.aborted for member in few] == [False, False]
    assert [member.aborted for member in many] == [True, *[False] * 5]


def test_room_is_made_by_what_is_unfinished_before_what_is_idle(crowd: Crowd) -> None:
    idle, unfinished = [Someone(None, 1.0) for _ in range(4)], [Someone(None, 2.0) for _ in range(4)]
    join(crowd, *idle, *unfinished)
    for member in unfinished:
        crowd.arriving(member, 0.0)
    join(crowd, Someone(None))
    assert [member.aborted for member in unfinished] == [True, False, False, False]
    assert not any(member.aborted for member in idle)


def test_no_room_is_made_by_what_a_thread_works_on(crowd: Crowd) -> None:
    busy = [Someone(None, FOREVER) for _ in range(8)]
    join(crowd, *busy, Someone(None))
    assert not any(member.aborted for member in busy)


def test_unread_answers_have_an_end(crowd: Crowd) -> None:
    members = [Someone("a") for _ in range(3)]
    join(crowd, *members)
    for member, size in zip(members, (30, 60, 20), strict=True):
        crowd.unread(member, size)
    assert [member.aborted for member in members] == [False, True, False]
