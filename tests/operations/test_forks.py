"""Forks of a process that has loaded everything: what they have of it, and what they must not have."""

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.operations.test_supervisor import eventually
from tests.process_tree import runs

pytestmark = pytest.mark.thorough

PROGRAM = [sys.executable, "-m", "tests.operations.fork_program"]
SECONDS = 60


def scene(name: str) -> Any:
    """What a scene of fork_program.py comes to, in a process of its own."""
    process = subprocess.run([*PROGRAM, name], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_eight_forks_draw_eight_different_ids() -> None:
    assert [len(set(column)) for column in zip(*scene("randomness"), strict=True)] == [8] * 5


def test_a_fork_has_no_file_or_socket_of_its_parent_but_what_it_is_to_keep() -> None:
    assert scene("descriptors") == {"file": False, "kept socket": True, "other socket": False}


def test_a_lock_of_the_parent_is_not_held_by_its_fork() -> None:
    is_locked, let_go = False, True
    assert scene("lock") == [is_locked, let_go]


def test_a_process_with_a_second_thread_is_not_forked() -> None:
    assert scene("second_thread") == "Other threads run in this process."


def test_a_fork_has_a_name_of_its_own() -> None:
    assert scene("names") == "sleeping"


def test_a_signal_to_a_fork_does_not_do_what_it_does_to_its_parent() -> None:
    assert scene("sigterm") == -signal.SIGTERM


@pytest.mark.thorough
def test_a_worker_that_is_told_to_stop_as_it_becomes_ready_ends() -> None:
    assert scene("hurried") == 0


def test_why_a_fork_cannot_work_is_told_in_its_own_words() -> None:
    assert scene("failure")["reason"] == "The KEK does not fit. Set BAREMINT_KEK."


def test_a_fork_that_fails_unexpectedly_is_told_by_its_last_line_and_its_traceback_is_in_the_log() -> None:
    report = scene("breakage")
    assert report["reason"].endswith("at start, 3 times. Its last output: ZeroDivisionError: by naught")
    assert any("Traceback" in line for line in report["log"])


def test_a_report_that_is_cut_off_is_no_report() -> None:
    reason = "The sleeping ended with status 3 at start, 3 times. It printed nothing."
    assert scene("half_a_report")["reason"] == reason


def test_a_fork_dies_with_a_supervisor_that_is_killed() -> None:
    with subprocess.Popen([*PROGRAM, "orphan"], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert eventually(lambda: not runs(pid), seconds=2)


@pytest.fixture(scope="module")
def preloaded() -> dict[str, Any]:
    """What a fork of a process that has loaded all services finds of its parent's."""
    report: dict[str, Any] = scene("preloaded")
    return report


@pytest.mark.parametrize(
    "what", ["other threads", "locks that are held", "connections of databases", "TLS contexts", "private keys"]
)
def test_what_is_loaded_for_all_services_brings_nothing_that_a_fork_must_not_have(
    preloaded: dict[str, Any], what: str
) -> None:
    assert preloaded[what] == []


def test_each_fork_has_the_settings_of_its_service(preloaded: dict[str, Any]) -> None:
    assert preloaded["settings"] == {
        "controlplane.settings": ["controlplane.urls", "loopback", 262_144],
        "controlplane.settings_inside": ["controlplane.urls_inside", "loopback", 16_384],
        "controlplane.settings_lab": ["controlplane.urls_inside", "lab", 16_384],
    }
