"""A value that is read again when it is older than some seconds."""

from threading import Event, Thread

import pytest

from controlplane.kernel.fresh_value import FreshValue


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The process's monotonic time, to be moved."""
    instants = [100.0]
    monkeypatch.setattr("controlplane.kernel.fresh_value.time.monotonic", lambda: instants[0])
    return instants


def count_up(last: int | None) -> int:
    return (last or 0) + 1


def test_a_value_is_kept_until_it_is_too_old_and_then_read_with_the_one_before(instant: list[float]) -> None:
    value = FreshValue(count_up, seconds=2)
    instants = []
    for _ in range(5):
        instants.append(value.get())
        instant[0] += 1
    assert instants == [1, 1, 2, 2, 3]


def test_a_caller_may_ask_for_a_younger_value(instant: list[float]) -> None:
    value = FreshValue(count_up, seconds=60)
    assert (value.get(), value.get(seconds=0), value.get(seconds=1), value.get()) == (1, 2, 2, 2)


def test_none_is_read_again_every_time(instant: list[float]) -> None:
    answers = [None, None, 7]
    value: FreshValue[int | None] = FreshValue(lambda last: answers.pop(0), seconds=60)
    assert [value.get() for _ in range(4)] == [None, None, 7, 7]


def test_a_failure_is_not_remembered_and_the_last_value_stays(instant: list[float]) -> None:
    answers: list[int | Exception] = [1, OSError("away"), 2]

    def read(last: int | None) -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    value = FreshValue(read, seconds=1)
    value.get()
    instant[0] += 1
    with pytest.raises(OSError, match="away"):
        value.get()
    assert value.last == 1
    assert value.get() == 2


def test_a_value_that_is_expired_while_it_is_read_is_read_again() -> None:
    reads, may_end = Event(), Event()

    def read(last: int | None) -> int:
        reads.set()
        may_end.wait(10)
        return count_up(last)

    value = FreshValue(read, seconds=60)
    reader, expirer = Thread(target=value.get), Thread(target=value.expire)
    reader.start()
    reads.wait(10)
    expirer.start()
    may_end.set()
    for thread in (reader, expirer):
        thread.join()
    assert value.get() == 2
