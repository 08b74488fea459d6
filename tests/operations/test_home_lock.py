"""One supervisor per data directory."""

import os
from pathlib import Path

import pytest

from controlplane.home import Home
from controlplane.operations.supervisor import homelock


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_a_second_supervisor_is_refused_and_told_of_the_first(home: Home) -> None:
    with homelock.held(home), pytest.raises(homelock.AlreadyRunning) as refusal, homelock.held(home):
        pass

    assert refusal.value.pid == os.getpid()


def test_the_holder_is_known_while_it_holds(home: Home) -> None:
    with homelock.held(home):
        assert homelock.holder(home) == os.getpid()


def test_nobody_holds_what_was_let_go(home: Home) -> None:
    with homelock.held(home):
        pass

    assert homelock.holder(home) is None


def test_nobody_holds_a_directory_that_does_not_exist(home: Home) -> None:
    assert homelock.holder(home) is None


def test_a_left_over_file_of_a_killed_supervisor_holds_nothing(home: Home) -> None:
    (home.ensure() / homelock.FILE).write_text("1")

    assert homelock.holder(home) is None
    with homelock.held(home):
        pass
