"""The suite runs everything, each test in the part that it belongs to, and judges what it measured."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane.bench.signing import RawRate
from tests.live.operator import eventually
from tests.live.product import clean_environment
from tests.suite import report
from tests.suite.changed import touched
from tests.suite.parts import GROUPS, NAMED, PARTS
from tests.suite.rate import allowed
from tests.suite.record import Measured, Record
from tests.tables import assert_none

ROOT = Path(__file__).resolve().parents[2]
ALONE, SHARED = RawRate(wall=2_000, cpu=2_050), RawRate(wall=1_000, cpu=2_000)
UNIT = Measured("unit", seconds=10, cpu_seconds=15, status=0, tests=3)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    new_record = Record(tmp_path)
    new_record.add_rate(ALONE)
    return new_record


def test_every_file_of_tests_is_collected_by_a_part() -> None:
    folders = {folder for part in PARTS for folder in part.folders}
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    assert files
    assert {file for file in files if not any(file.startswith(f"{folder}/") for folder in folders)} == set()


def test_ci_runs_every_part() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "make test\nmake rest\n" in script
    assert {*GROUPS["test"], *GROUPS["rest"]} == set(NAMED)


def test_the_budgets_are_an_hour_for_everything_and_six_minutes_for_make_test() -> None:
    assert sum(part.budget for part in PARTS) <= 3600
    assert sum(NAMED[name].budget for name in GROUPS["test"]) <= 360


RERUN = re.compile(r"--reruns|\bflaky\b")


def test_only_live_browser_and_lab_try_a_failed_test_again() -> None:
    assert [part.name for part in PARTS if RERUN.search(" ".join(part.command))] == ["live", "browser", "lab"]


def test_no_test_and_no_setting_tries_a_failed_test_again() -> None:
    """A test that passes one time in three must fail where races are the subject."""
    own = {Path(__file__), ROOT / "tests" / "suite" / "parts.py"}
    files = [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci" / "run"]
    files += [path for path in sorted((ROOT / "tests").rglob("*.py")) if path not in own]
    assert_none([path.relative_to(ROOT) for path in files if RERUN.search(path.read_text())], among=files)


CONTINUED = re.compile(
    r"^test_(it|its|they|them|those|these|that|nor|neither|so_does|so_do|but|and|by|from|through)_"
    r"|_(does|do|is|are|has|have)_not$|_(either|too|neither)$"
)
"""How a name begins or ends that needs the name before it."""


def test_every_name_of_a_test_stands_alone() -> None:
    names = {
        f"{path.relative_to(ROOT)}::{name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name in re.findall(r"^ *def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert_none(sorted(name for name in names if CONTINUED.search(name.partition("::")[2])), among=names)


def test_make_help_lists_every_target_that_is_a_command() -> None:
    text = (ROOT / "Makefile").read_text()
    [line] = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    targets = re.findall(r"^([a-z][a-z0-9]*):", text, re.MULTILINE)
    help_page = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make (\w+) +\S", help_page, re.MULTILINE) == targets
    assert sorted(line.split()) == sorted(targets)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("tests/lab/test_isolation.py", ["architecture", "lint", "lab"]),
        ("tests/services/test_kek.py", ["unit", "architecture", "lint", "weather", "thorough"]),
        (
            "controlplane/console/views/keys.py",
            ["unit", "live", "architecture", "surfaces", "lint", "weather", "thorough", "browser"],
        ),
        ("docs/images/lesson.png", ["architecture", "lint"]),
        ("identity/ca.py", list(NAMED)),
        ("tests/live/product.py", list(NAMED)),
        ("a-new-file", list(NAMED)),
    ],
)
def test_a_change_touches_the_parts_that_could_notice_it(path: str, parts: list[str]) -> None:
    assert list(touched([path])) == parts


def test_a_part_that_takes_more_than_one_and_a_half_times_its_budget_fails_the_run(record: Record) -> None:
    most = 1.5 * allowed(NAMED["unit"].budget, [ALONE])
    record.add(replace(UNIT, seconds=most - 1))
    assert list(report.faults(record)) == []

    record.add(replace(UNIT, seconds=most + 1, slowest=[("tests/slow.py::test_it", 9.0)]))

    [fault] = report.faults(record)
    assert fault.startswith("unit took")
    assert "tests/slow.py::test_it" in fault


def test_no_time_is_judged_on_a_machine_that_was_shared_at_any_time(record: Record) -> None:
    record.add(replace(UNIT, seconds=100_000))
    assert len(list(report.faults(record))) == 1
    record.add_rate(SHARED)
    record.add_rate(ALONE)
    assert list(report.faults(record)) == []
    assert any("The machine is shared" in line for line in report.lines(record))


def test_a_machine_that_signs_four_times_as_fast_has_half_the_time() -> None:
    assert allowed(100, [RawRate(8_000, 8_000)]) == allowed(100, [RawRate(2_000, 2_000)]) / 2 == 50


def test_a_machine_that_was_half_as_fast_for_a_time_has_twice_the_time() -> None:
    fast, slow = RawRate(8_000, 8_000), RawRate(4_000, 4_000)
    assert allowed(100, [fast, slow, fast]) == 2 * allowed(100, [fast])


def test_the_rates_of_a_run_are_told_by_the_lowest_and_the_highest() -> None:
    assert report.describe([ALONE]) == "Raw RS256 2048: 2,000/s by wall time, 2,050/s by CPU time."
    assert report.describe([ALONE, RawRate(1_900, 1_950)]).startswith("Raw RS256 2048: 1,900-2,000/s by wall time")


def test_four_tests_that_passed_only_when_tried_again_fail_the_run_and_are_named(record: Record) -> None:
    record.add(replace(UNIT, saved=["test_a", "test_b", "test_c"]))
    assert list(report.faults(record)) == []
    record.add(replace(UNIT, name="live", saved=["test_d"]))
    assert any("4 tests passed only" in fault for fault in report.faults(record))
    assert {"  test_a", "  test_d"} <= set(report.lines(record))


def test_what_is_left_behind_fails_the_run(record: Record) -> None:
    record.add(replace(UNIT, left=["process 7: sleep 60"]))
    assert list(report.faults(record)) == ["unit left behind: process 7: sleep 60"]


def test_the_table_has_a_line_for_each_part_and_the_slowest_tests_of_all(record: Record) -> None:
    record.add(replace(UNIT, slowest=[(f"quick {number}", 0.1) for number in range(15)]))
    record.add(replace(UNIT, name="live", slowest=[("slow", 8.0)]))
    table = list(report.lines(record))
    assert [line.split()[0] for line in table if line.startswith(("unit", "live", "all"))] == ["unit", "live", "all"]
    tests = table[table.index("The slowest tests:") + 1 :]
    assert len(tests) == 15
    assert tests[0].split() == ["8.0", "s", "slow"]


def test_the_table_of_a_run_of_several_commands_is_printed_by_one_of_its_own(record: Record) -> None:
    record.add(UNIT)
    environment = {**os.environ, "SUITE_FOLDER": str(record.folder)}
    command = [sys.executable, "-m", "tests.suite", "--report"]
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert any(line.split()[:2] == ["unit", "10"] for line in process.stdout.splitlines())


PASSES_THE_SECOND_TIME = """
tries = []
def test_it():
    tries.append(1)
    assert len(tries) == 2
def test_another():
    pass
"""


def test_a_run_of_pytest_writes_down_its_tests_and_those_that_were_saved(tmp_path: Path) -> None:
    (tmp_path / "test_twice.py").write_text(PASSES_THE_SECOND_TIME)
    plugins = [part for name in ("tests.suite.plugin", "no:django", "no:schemathesis") for part in ("-p", name)]
    command = [sys.executable, "-m", "pytest", *plugins, "-c", os.devnull, "--rootdir", tmp_path]
    for number, options in enumerate(([], ["--numprocesses", "2"])):
        file = tmp_path / f"{number}.json"
        subprocess.run(
            [*command, "--suite-record", file, "--reruns", "1", *options, tmp_path],
            cwd=ROOT,
            env=clean_environment(),
            capture_output=True,
            timeout=60,
            check=True,
        )
        body = json.loads(file.read_text())
        assert (body["tests"], body["saved"]) == (2, ["test_twice.py::test_it"])
        assert body["collection"] > 0
        assert len(body["slowest"]) == 2


STARTS_A_DAEMON = """
import os, subprocess, sys, time
sys.path.insert(0, {root!r})
from tests.suite import processes
processes.raise_interrupted()
processes.adopt_orphans()
daemon = "import os, sys, time; os.setsid(); open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
script = "import subprocess, sys; subprocess.Popen(sys.argv[1:])" + {then!r}
print(processes.run([sys.executable, "-c", script, sys.executable, "-c", daemon, {file!r}], dict(os.environ)))
"""


@pytest.mark.thorough  # it gets ten seconds to end by itself
def test_a_daemon_that_a_part_leaves_is_named_and_killed(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = STARTS_A_DAEMON.format(root=str(ROOT), then="", file=str(file))
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert f"process {file.read_text()}: " in process.stdout
    assert not Path("/proc", file.read_text()).exists()


@pytest.mark.thorough
@pytest.mark.parametrize("times", [1, 2])
def test_a_part_that_is_interrupted_leaves_no_daemon(tmp_path: Path, times: int) -> None:
    file = tmp_path / "pid"
    then = "; import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"
    program = STARTS_A_DAEMON.format(root=str(ROOT), then=then, file=str(file))
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as runner:
        eventually(lambda: file.exists() and file.read_text())
        for _ in range(times):
            runner.send_signal(signal.SIGINT)
            time.sleep(0.2)
    assert not Path("/proc", file.read_text()).exists()
