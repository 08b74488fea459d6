"""A lab whose start is interrupted leaves no process and no mount."""

import os
import signal
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from tests.lab.stepping import SECONDS, Lab
from tests.live.family import family, with_parent
from tests.live.operator import eventually

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]


LOADING, PLACING = "loading", "placing"


def step_until(condition: Callable[[], bool], process: int) -> None:
    """Let a process run for a moment at a time until the condition is met, and leave it stopped."""
    give_up_at = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up_at
        os.kill(process, signal.SIGCONT)
        time.sleep(0.002)
        os.kill(process, signal.SIGSTOP)


@pytest.mark.parametrize(
    ("moment", "how"),
    [
        *product([LOADING], [signal.SIGTERM, signal.SIGKILL, "kill the parent"]),
        *product([PLACING], [signal.SIGINT, signal.SIGHUP, signal.SIGKILL, "kill the parent"]),
    ],
)
def test_an_interrupted_start_of_the_lab_is_undone(
    lab: Lab, tmp_path: Path, moment: str, how: signal.Signals | str
) -> None:
    lab.product.run("lab", "down")
    log = lab.product.home / "lab.log"
    mounts, before = Path("/proc/self/mountinfo").read_text(), log.read_text()
    command = with_parent(lab.product.command("lab", "up"))
    with family(command, environment=lab.product.environment, output=tmp_path / "output") as all_of_it:
        keeper = all_of_it.await_process("--report-to")
        eventually(lambda: "/cryptography/" in Path(f"/proc/{keeper}/maps").read_text())
        if moment == PLACING:
            step_until(lambda: "a server is in the lab" in log.read_text().removeprefix(before), keeper)
        assert "The lab is up" not in all_of_it.output
        if isinstance(how, signal.Signals):
            os.kill(all_of_it.await_process("controlplane", "lab", "up"), how)
        else:
            os.kill(all_of_it.head, signal.SIGKILL)
        os.kill(keeper, signal.SIGCONT)
        all_of_it.assert_gone()
        assert "The lab is up" not in all_of_it.output
        assert "Traceback" not in all_of_it.output
    assert not lab.is_up
    assert Path("/proc/self/mountinfo").read_text() == mounts
    log_text = log.read_text().removeprefix(before)
    assert "Traceback" not in log_text
    assert log_text.endswith((" The lab is down.\n", " Nothing was started.\n"))
