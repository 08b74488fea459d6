"""The supervisor with small children of its own: shells that sleep, fail, or talk."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controlplane.runtime.supervisor.child import Child, ChildSpec, Program, restart_delay
from controlplane.runtime.supervisor.stop_requests import StopRequested
from controlplane.runtime.supervisor.supervisor import StartFailed, Supervisor
from tests.process_tree import runs

pytestmark = pytest.mark.thorough

SLEEP = "exec sleep 60"


def shell(name: str, script: str, *, answers: Callable[[Child], bool] = lambda _: True) -> ChildSpec:
    return Program(name, ["/bin/sh", "-c", script], answers)


@contextmanager
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with Supervisor(said.append) as running:
            yield running
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def start(running: Supervisor, *specs: ChildSpec, seconds: float = 5) -> list[int]:
    return pids_of(running.start(specs, seconds=seconds, progress=lambda _: None))


def pids_of(children: list[Child]) -> list[int]:
    return [child.process.pid for child in children if child.process]


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise StopRequested

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_leaving_the_block_stops_every_child() -> None:
    with supervisor([]) as running:
        pids = start(running, shell("one", SLEEP), shell("two", SLEEP))

    assert not any(runs(pid) for pid in pids)


def test_an_error_in_the_block_stops_every_child() -> None:
    pids: list[int] = []

    def fail_with_children() -> None:
        with supervisor([]) as running:
            pids.extend(start(running, shell("one", SLEEP)))
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fail_with_children()

    assert not any(runs(pid) for pid in pids)


def test_a_child_that_dies_three_times_at_start_is_named_in_one_line_with_its_last_one() -> None:
    broken = shell("broken", "echo begun; echo no such database; exit 3", answers=lambda _: False)

    with pytest.raises(StartFailed) as failure, supervisor([]) as running:
        start(running, shell("healthy", SLEEP), broken)

    reason = "The broken ended with status 3 at start, 3 times. Its last output: no such database"
    assert str(failure.value) == reason


def test_a_child_that_dies_once_at_start_is_no_reason_to_give_up(tmp_path: Path) -> None:
    script = f"mkdir {tmp_path / 'once'} && exit 3; echo ready; {SLEEP}"

    with supervisor([]) as running:
        [pid] = start(running, shell("late", script, answers=lambda child: "ready" in child.last_lines))
        assert runs(pid)


def test_a_child_that_is_never_ready_is_named() -> None:
    with pytest.raises(StartFailed) as failure, supervisor([]) as running:
        start(running, shell("silent", SLEEP, answers=lambda _: False), seconds=0.3)

    assert (
        str(failure.value)
        == "Not ready within 0.3 s: silent. It printed nothing. BAREMINT_START_SECONDS allows more time."
    )


def test_a_child_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controlplane.runtime.supervisor.supervisor.STOP_SECONDS", 0.2)
    deaf = shell("deaf", "trap '' TERM; echo ready; while :; do sleep 0.1; done", answers=lambda c: bool(c.last_lines))

    lines: list[str] = []
    with supervisor(lines) as running:
        pids = start(running, deaf)
        running.stream()

    assert not any(runs(pid) for pid in pids)
    assert [line.partition("WARN ")[2].strip() for line in lines[1:]] == ["It did not end in time and is killed."]


def test_children_started_first_are_stopped_last() -> None:
    lines: list[str] = []

    def witness(name: str) -> ChildSpec:
        script = f"trap 'echo {name} stops; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
        return shell(name, script, answers=lambda child: bool(child.last_lines))

    with supervisor(lines) as running:
        start(running, witness("broker"))
        start(running, witness("worker"))
        running.stream()

    stops = [line.split()[-2] for line in lines if line.endswith("stops")]
    assert stops == ["worker", "broker"]


def test_what_children_say_is_held_back_until_the_log_is_streamed() -> None:
    lines: list[str] = []

    with supervisor(lines) as running:
        start(running, shell("talker", "echo hello; exec sleep 60", answers=lambda child: bool(child.last_lines)))
        before = list(lines)
        running.stream()

    assert before == []
    assert "talker" in lines[0]
    assert "hello" in lines[0]


def test_a_child_that_dies_is_started_again() -> None:
    lines: list[str] = []

    with supervisor(lines) as running:
        [first] = start(running, shell("worker", SLEEP))
        running.stream()
        os.kill(first, signal.SIGKILL)
        [child] = running.children
        with pytest.raises(StopRequested), interrupted_after(1.0):
            running.watch()
        assert child.process is not None
        second = child.process.pid
        assert runs(second)

    assert second != first
    assert any("It was ended by SIGKILL" in line for line in lines)


def test_a_program_that_is_not_there_is_told_in_one_line() -> None:
    with pytest.raises(StartFailed) as failure, supervisor([]) as running:
        start(running, Program("valkey", ["/none/valkey-server"], lambda _: True))

    reason = "The valkey cannot be started: [Errno 2] No such file or directory: '/none/valkey-server'."
    assert str(failure.value) == reason


def test_a_child_that_cannot_be_started_again_is_tried_until_it_can(tmp_path: Path) -> None:
    (program := tmp_path / "program").write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)
    lines: list[str] = []

    with supervisor(lines) as running:
        [first] = start(running, Program("worker", [str(program)], lambda _: True))
        running.stream()
        program.rename(hidden := tmp_path / "hidden")
        os.kill(first, signal.SIGKILL)
        with pytest.raises(StopRequested), interrupted_after(0.8):
            running.watch()
        assert pids_of(running.children) == []
        hidden.rename(program)
        with pytest.raises(StopRequested), interrupted_after(3.0):
            running.watch()
        [second] = pids_of(running.children)
        assert runs(second)

    assert any("It cannot be started: [Errno 2]" in line for line in lines)


def test_a_child_that_cannot_be_started_again_keeps_nothing_from_stopping(tmp_path: Path) -> None:
    (program := tmp_path / "program").write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)

    with supervisor([]) as running:
        [pid] = start(running, Program("worker", [str(program)], lambda _: True))
        program.unlink()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(StopRequested), interrupted_after(0.8):
            running.watch()


def test_a_child_that_keeps_dying_is_started_at_once_a_few_times_and_then_ever_more_slowly() -> None:
    assert [restart_delay(failures) for failures in range(1, 13)] == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]


def test_a_signal_asks_to_stop() -> None:
    pids: list[int] = []

    def be_told_to_stop() -> None:
        with supervisor([]) as running:
            pids.extend(start(running, shell("one", SLEEP)))
            os.kill(os.getpid(), signal.SIGTERM)
            running.watch()

    with pytest.raises(StopRequested):
        be_told_to_stop()

    assert not any(runs(pid) for pid in pids)


def test_a_signal_while_children_are_being_started_stops_those_that_were() -> None:
    pids: list[int] = []

    class Specs(list[ChildSpec]):
        def __iter__(self) -> Iterator[ChildSpec]:
            yield self[0]
            os.kill(os.getpid(), signal.SIGTERM)
            yield self[1]

    def be_told_to_stop() -> None:
        with supervisor([]) as running:
            try:
                running.start(Specs([shell("one", SLEEP), shell("two", SLEEP)]), seconds=5, progress=lambda _: None)
            finally:
                pids.extend(pids_of(running.children))

    with pytest.raises(StopRequested):
        be_told_to_stop()

    assert len(pids) == 1
    assert not runs(pids[0])


def test_children_die_with_a_supervisor_that_is_killed() -> None:
    program = (
        "from tests.operations.test_supervisor import *\n"
        "with supervisor([]) as running:\n"
        "    print(*start(running, shell('one', SLEEP)), flush=True)\n"
        "    running.watch()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    assert eventually(lambda: not runs(pid))


@pytest.mark.parametrize(("status", "restarted"), [(0, False), (1, True)], ids=["ends-well", "fails"])
def test_a_child_that_may_end_is_let_go_only_when_it_ends_well(status: int, restarted: bool) -> None:
    lines: list[str] = []
    spec = Program("lab", ["/bin/sh", "-c", f"sleep 0.3; exit {status}"], lambda _: True, may_end=True)
    with supervisor(lines) as running:
        start(running, spec)
        running.stream()
        with pytest.raises(StopRequested), interrupted_after(1.0):
            running.watch()
    assert any("started again" in line for line in lines) == restarted
