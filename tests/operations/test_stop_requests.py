"""Reasons to stop, each tried on a process of its own."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from controlplane.runtime.supervisor import stop_requests
from controlplane.runtime.supervisor.stop_requests import NotRunning, StopRequested, StopRequests


@pytest.fixture(autouse=True)
def handlers_are_put_back() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_reason(number: signal.Signals) -> None:
    with pytest.raises(StopRequested, match=f"{number.name} received"), StopRequests():
        os.kill(os.getpid(), number)


def test_a_second_signal_asks_for_haste_and_interrupts_nothing() -> None:
    with StopRequests() as requests:
        with pytest.raises(StopRequested):
            os.kill(os.getpid(), signal.SIGTERM)
        assert not requests.urgent
        os.kill(os.getpid(), signal.SIGTERM)
        assert requests.urgent


def test_a_signal_after_the_block_asks_for_haste() -> None:
    with StopRequests() as requests:
        pass
    os.kill(os.getpid(), signal.SIGINT)
    assert requests.urgent


def test_a_request_that_was_lost_on_its_way_is_raised_again_when_asked_for() -> None:
    with StopRequests() as requests:
        with pytest.raises(StopRequested):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested):
            requests.check()


class Garbage:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_request_that_comes_while_garbage_is_collected_is_raised_a_moment_later(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with StopRequests():
        Garbage()
        with pytest.raises(StopRequested, match="SIGTERM received"):
            time.sleep(5)
    assert capfd.readouterr().err == ""


def test_the_end_of_another_process_is_a_reason(other: subprocess.Popen[bytes]) -> None:
    requests = StopRequests()
    requests.end_with(other.pid, "It has ended.")
    requests.check()
    other.kill()
    with pytest.raises(StopRequested, match="It has ended"), requests:
        time.sleep(5)


def test_a_reader_that_goes_away_is_a_reason_until_it_is_forgotten() -> None:
    reading, writing = os.pipe()
    requests = StopRequests()
    requests.watch(writing, select.POLLERR, "No process reads.")
    os.write(writing, b"word")
    requests.check()
    os.close(reading)
    with pytest.raises(StopRequested, match="No process reads"):
        requests.check()
    os.close(writing)


def test_what_is_forgotten_is_no_reason() -> None:
    reading, writing = os.pipe()
    requests = StopRequests()
    requests.watch(writing, select.POLLERR, "No process reads.")
    with requests:
        requests.forget(writing)
        os.close(reading)
        requests.check()
    os.close(writing)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1, 2**40])
def test_a_number_without_a_process_is_refused(pid: int) -> None:
    with pytest.raises(NotRunning):
        StopRequests().end_with(pid, "")


def test_a_process_that_has_ended_is_refused_although_its_parent_has_not_noticed(
    other: subprocess.Popen[bytes],
) -> None:
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(NotRunning):
        StopRequests().end_with(other.pid, "")


def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    """As nohup(1) starts a program."""
    program = (
        "import os, signal\n"
        "from controlplane.runtime.supervisor.stop_requests import StopRequests\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with StopRequests():\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_timer_may_interrupt_the_look_for_a_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_requests, "POLL_SECONDS", 0.0002)
    requests = stop_requests.StopRequests()
    reading, writing = os.pipe()
    requests.watch(writing, select.POLLERR, "No process reads.")
    with requests:
        for _ in range(20_000):
            requests.check()
    os.close(reading)
    os.close(writing)
