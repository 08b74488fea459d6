"""One supervisor per data directory."""

import os
from pathlib import Path

import pytest

from controlplane.deployment import process_lock
from controlplane.deployment.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_a_second_supervisor_is_refused_and_told_of_the_first(home: Home) -> None:
    with process_lock.lock(home), pytest.raises(process_lock.AlreadyRunning) as refusal, process_lock.lock(home):
        pass

    assert refusal.value.pid == os.getpid()


def test_the_holder_of_a_lock_is_known_while_it_runs(home: Home) -> None:
    with process_lock.lock(home):
        assert process_lock.holder(home) == os.getpid()


def test_a_released_lock_has_no_holder(home: Home) -> None:
    with process_lock.lock(home):
        pass

    assert process_lock.holder(home) is None


def test_a_directory_that_does_not_exist_has_no_holder(home: Home) -> None:
    assert process_lock.holder(home) is None


def test_a_left_over_file_of_a_killed_supervisor_holds_nothing(home: Home) -> None:
    (home.ensure() / process_lock.FILE).write_text("1")

    assert process_lock.holder(home) is None
    with process_lock.lock(home):
        pass
