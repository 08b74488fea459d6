"""A run of the tests that is interrupted leaves no process, whatever it had started."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.live.family import family
from tests.live.product import clean_environment
from tests.live.ready_made import ReadyMade

pytestmark = [pytest.mark.live, pytest.mark.e2e]

TWO_PRODUCTS = ("tests/live/test_up_output.py", "-k", "there_are_three_demo_servers")
SERVING = "metadata"


@pytest.fixture
def environment(ready_made: ReadyMade, tmp_path: Path) -> dict[str, str]:
    """Of a run of its own, with what is ready here."""
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "ready-made").symlink_to(ready_made.folder)
    return {**clean_environment(), "SUITE_FOLDER": str(folder)}


@pytest.mark.parametrize(
    "how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda how: how.name
)
def test_pytest_leaves_nothing(environment: dict[str, str], tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", *TWO_PRODUCTS]
    with family(command, environment=environment, output=tmp_path / "output") as run:
        run.await_named(SERVING)
        os.kill(run.head, how)
        run.assert_gone()


def test_the_suite_leaves_nothing_when_make_is_killed(environment: dict[str, str], tmp_path: Path) -> None:
    recipe = tmp_path / "Makefile"
    recipe.write_text(f"live:\n\t@{sys.executable} -m tests.suite live\n")
    with family(["make", "--file", str(recipe)], environment=environment, output=tmp_path / "output") as run:
        run.await_named(SERVING)
        os.kill(run.head, signal.SIGKILL)
        run.assert_gone()
