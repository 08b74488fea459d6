"""Would the tests notice if a rule were wrong? ``make mutation`` makes one small change after the other and looks.

    make mutation                                                     everything
    .venv/bin/python -m tests.mutation trustedprofiles/matching.py    one file

``pyproject.toml`` says which files, and which tests must notice (``tool.baremint-mutation``). Of files without Django
every mutant is tried, of the others a sample that is the same each time. What survives is printed and fails the run,
unless ``equivalent.toml`` names it with the reason why no test can kill it; so does a name there that is out of date.

All of it happens in a copy of the tree in a temporary folder, in processes that the kernel ends with this one, however
it ends. A copy that a SIGKILL left behind is removed by the next run.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from controlplane.operations.bench.signing import raw_rate
from controlplane.operations.supervisor.lifeline import die_with

ROOT = Path(__file__).parents[2]
PREFIX = "baremint-mutation-"
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "node_modules")


def main(chosen: list[str]) -> int:
    if "MAKELEVEL" in os.environ:
        die_with(os.getppid())()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with temporary_folder() as folder:
        shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT)
        print(f"Raw RS256 rate, 2048 bits, both cores: {raw_rate(processes=os.cpu_count() or 1, seconds=2):.0f}/s")
        environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(folder / "tree")}
        run = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation.run", *chosen],
            cwd=folder / "tree",
            env=environment,
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509  there is one thread
        )
        try:
            return run.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is locked while this process lives. Those of processes that were killed are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), open_folder(left):
            shutil.rmtree(left)
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    with open_folder(path):
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def open_folder(path: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises OSError when somebody else does."""
    number = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(number)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
