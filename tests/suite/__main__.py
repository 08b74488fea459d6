"""``python -m tests.suite PART ...``: run parts of the suite and say what they cost."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from controlplane.bench.signing import raw_rate
from controlplane.deployment.owned_folder import owned_folder
from tests.suite import processes, report
from tests.suite.changed import changed_files, touched
from tests.suite.parts import GROUPS, NAMED, PARTS, Part
from tests.suite.record import Measured, Record

MEASURE_SECONDS = 1
BROKEN_OFF = 128
"""Added to the number of the signal, as shells do."""
OF_PYTEST = {"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTHONOPTIMIZE"}
"""Variables of a shell that would leave out tests, or the assertions in them."""


def main() -> int:
    parser = _parser()
    options = parser.parse_args()
    if unknown := set(options.parts) - {*NAMED, *GROUPS}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    for name in OF_PYTEST & os.environ.keys():
        del os.environ[name]
    processes.raise_interrupted()
    processes.end_with_parent()
    processes.adopt_orphans()
    try:
        with _record() as (record, is_ours):
            if not record.rates():
                _measure_machine(record)
                print(report.describe(record.rates()), flush=True)
            if options.report:
                return _report(record)
            names = [each for name in options.parts for each in GROUPS.get(name, (name,))]
            if options.changed:
                names = _chosen(options.changed)
            status = _run([NAMED[name] for name in names], record)
            return (_report(record) or status) if is_ours else status
    except processes.Interrupted as interrupted:
        print(f"\nStopped by {signal.Signals(interrupted.number).name}.")
        return BROKEN_OFF + interrupted.number


def _parser() -> argparse.ArgumentParser:
    about = "\n".join(f"  {part.name:12} {part.about}" for part in PARTS)
    groups = "\n".join(f"  {name:12} {', '.join(names)}" for name, names in GROUPS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.suite",
        description="Run parts of the test suite and print what they cost.",
        epilog=f"parts:\n{about}\n\ngroups:\n{groups}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="parts or groups to run")
    parser.add_argument("--changed", metavar="COMMIT", help="run the parts that the changes since COMMIT touch")
    parser.add_argument("--report", action="store_true", help="print the table of the run that SUITE_FOLDER holds")
    return parser


@contextlib.contextmanager
def _record() -> Iterator[tuple[Record, bool]]:
    """Where to write, and whether this command is the whole run."""
    if folder := os.environ.get("SUITE_FOLDER"):
        yield Record(Path(folder)), False
        return
    with owned_folder("baremint-suite-") as new_folder:
        new_folder.chmod(0o711)  # PostgreSQL is another user when this is root
        os.environ["SUITE_FOLDER"] = str(new_folder)
        yield Record(new_folder), True


def _run(parts: Sequence[Part], record: Record) -> int:
    """Run parts until one fails. Returns its exit status, or 0."""
    for part in parts:
        print(f"\n=== {part.name}: {part.about}", flush=True)
        result = record.folder / f"{part.name}.json"
        command = [*part.command, *(["--suite-record", str(result)] if part.folders else [])]
        exit_status = processes.run(command, os.environ)
        measurements: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {}
        figures = {
            name: measurements[name] for name in ("tests", "collection", "slowest", "saved") if name in measurements
        }
        record.add(
            Measured(
                part.name,
                exit_status.seconds,
                exit_status.cpu_seconds,
                exit_status.status,
                left=exit_status.left,
                **figures,
            )
        )
        _measure_machine(record)
        if exit_status.status:
            return 1
    return 0


def _measure_machine(record: Record) -> None:
    record.add_rate(raw_rate(processes=len(os.sched_getaffinity(0)), seconds=MEASURE_SECONDS))


def _report(record: Record) -> int:
    """Print the table and what is wrong. Returns 1 when something is."""
    print("\n" + "\n".join(report.lines(record)))
    fault_lines = list(report.faults(record))
    print("".join(f"\n{fault}" for fault in fault_lines))
    return 1 if fault_lines else 0


def _chosen(base: str) -> list[str]:
    """The parts to run, said with the reason; and those left out."""
    try:
        parts = touched(changed_files(base))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.stderr.strip()}\nName a commit: make changed BASE=main")
    for name in NAMED:
        because = ", ".join(parts.get(name, [])[:3]) + (" ..." if len(parts.get(name, [])) > 3 else "")
        print(f"  {name:12} {because or 'always' if name in parts else 'left out'}")
    return list(parts)


if __name__ == "__main__":
    sys.exit(main())
