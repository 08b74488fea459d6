"""What a run of pytest leaves behind: nothing, or one folder when tests failed.

Its temporary folder has an owner, so the next run removes what a killed or a failed one left.
"""

import os
import shutil
import signal
from pathlib import Path

import pytest

from controlplane.deployment.owned_folder import make_owned_folder
from controlplane.runtime.supervisor.process_control import die_with

PREFIX = "baremint-tests-"
FOLDER = pytest.StashKey[Path]()
NOTHING_FAILED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        die_with(os.getppid())()  # a worker of xdist would finish its test first
    elif not config.option.basetemp:
        # The lock is held until this process ends.
        config.stash[FOLDER], _ = make_owned_folder(PREFIX)
        config.stash[FOLDER].chmod(0o711)  # other users get to what the tests open to them
        config.option.basetemp = str(config.stash[FOLDER] / "pytest")


def pytest_keyboard_interrupt() -> None:
    """xdist gives its workers ten seconds; what they started ends with them."""
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        os.kill(int(pid), signal.SIGTERM)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    folder = session.config.stash.get(FOLDER, None)
    if folder and exitstatus in NOTHING_FAILED:
        session.config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
