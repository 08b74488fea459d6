"""Would the tests notice if a rule were wrong? ``make mutation`` makes one small change after the other and looks.

    make mutation                                                     everything
    .venv/bin/python -m tests.mutation trustedprofiles/trust.py    one file

``pyproject.toml`` says which files, and which tests must notice (``tool.baremint-mutation``). Of files without Django
every mutant is tried, of the others a sample that is the same each time. What survives is printed and fails the run,
unless ``equivalent.toml`` names it with the reason why no test can kill it; so does a name there that is out of date.

All of it happens in a copy of the tree in a temporary folder, in processes that the kernel ends with this one, however
it ends. A copy that a SIGKILL left behind is removed by the next run.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from controlplane.bench.signing import raw_rate
from controlplane.deployment.owned_folder import owned_folder
from controlplane.runtime.supervisor.process_control import die_with
from tests.suite import report

ROOT = Path(__file__).parents[2]
PREFIX = "baremint-mutation-"
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "node_modules")


def main(chosen: list[str]) -> int:
    if "MAKELEVEL" in os.environ:
        die_with(os.getppid())()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with owned_folder(PREFIX) as folder:
        shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT)
        print(report.describe([raw_rate(processes=len(os.sched_getaffinity(0)), seconds=2)]), flush=True)
        path = os.pathsep.join([str(folder / "tree"), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": path}
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


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
