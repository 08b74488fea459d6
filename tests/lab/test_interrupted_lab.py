"""A lab whose start is interrupted leaves no process and no mount."""

import os
import signal
from pathlib import Path

import pytest

from tests.lab.stepping import Lab
from tests.live.family import family, with_parent
from tests.live.operator import eventually

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, "kill the parent"])
def test_an_interrupted_start_of_the_lab_is_undone(lab: Lab, tmp_path: Path, how: signal.Signals | str) -> None:
    lab.product.run("lab", "down")
    log = lab.product.home / "lab.log"
    mounts, before = Path("/proc/self/mountinfo").read_text(), log.read_text()
    command = with_parent(lab.product.command("lab", "up"))
    with family(command, environment=lab.product.environment, output=tmp_path / "output") as all_of_it:
        keeper = all_of_it.await_process("--report-to")
        eventually(lambda: "/cryptography/" in Path(f"/proc/{keeper}/maps").read_text())
        if isinstance(how, signal.Signals):
            os.kill(all_of_it.await_process("controlplane", "lab", "up"), how)
        else:
            os.kill(all_of_it.head, signal.SIGKILL)
        all_of_it.assert_gone()
        assert "The lab is up" not in all_of_it.output
        assert "Traceback" not in all_of_it.output
    assert not lab.is_up
    assert Path("/proc/self/mountinfo").read_text() == mounts
    said = log.read_text().removeprefix(before)
    assert "Traceback" not in said
    assert said.endswith((" The lab is down.\n", " Nothing was started.\n"))
