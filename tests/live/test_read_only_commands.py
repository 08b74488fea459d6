"""A command that only asks makes nothing, wherever it is given."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.product import ROOT, clean_environment

pytestmark = [pytest.mark.live, pytest.mark.e2e]

QUESTIONS = [
    "help",
    "--help",
    "--version",
    "version",
    "help up",
    "help migrate",
    "up --help",
    "info",
    "info --json",
    "address web-1",
    "env",
    "env --format terraform",
    "is account",
    "is bare-metal-servers",
    "clock",
    "clock advance 1h",
    "explain is.bare-metal-server.bare-metal-server.list",
    "jobs",
    "token",
    "keys",
    "certificates --due",
    "certificates web-1",
    "certificate-rotation web-1",
    "revoke web-1 1",
    "down",
    "backup baremint-backup.tar",
    "restore nowhere.tar",
    "rotate iam",
    "person newcomer",
    "admit 00000000-0000-4000-8000-000000000001",
    "permissions",
    "lab status",
    "enter web-1",
    "showmigrations",
    "migrate --plan",
    "check",
    "nonsense",
]
ELSEWHERE = {"BAREMINT_URL": "http://127.0.0.1:1", "BAREMINT_API_KEY": "a-key"}


def run(folder: Path, command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [f"{sys.prefix}/bin/baremint", *command.split()],
        env={**clean_environment(), **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("settings", [{}, ELSEWHERE], ids=["here", "elsewhere"])
@pytest.mark.parametrize("command", QUESTIONS)
def test_a_question_makes_nothing(tmp_path: Path, command: str, settings: dict[str, str]) -> None:
    process = run(tmp_path, command, **settings)
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize("command", ["help", "--version", "is account", "clock", "permissions", "check"])
def test_a_question_is_answered_where_nothing_can_be_written(command: str) -> None:
    """As far as it can be: there is no product to ask."""
    process = run(Path("/proc"), command, **ELSEWHERE)
    assert "cannot be used" not in process.stderr
    assert process.returncode == 0 or "127.0.0.1:1" in process.stderr


@pytest.mark.parametrize("command", ["rotate iam", "person newcomer", "keys", "info", "backup b.tar"])
def test_who_asks_where_nothing_is_yet_is_told_so(tmp_path: Path, command: str) -> None:
    process = run(tmp_path, command)
    assert process.returncode == 1
    assert f"in {tmp_path}/.baremint" in process.stderr


@pytest.mark.parametrize(
    "command",
    [
        "info --json",
        "address web-1",
        "env",
        "env web-1 --format terraform",
        "keys",
        "keys --settings controlplane.settings",
        "certificates --due",
        "certificates web-1",
        "certificate-rotation web-1",
        "jobs",
        "clock",
        "explain --server web-1 --profile demo-viewer",
        "is bare-metal-servers",
        "token",
        "backup b.tar",
        "showmigrations",
    ],
)
def test_who_reads_before_the_first_start_is_told_in_one_line_how_to_start(tmp_path: Path, command: str) -> None:
    process = run(tmp_path, command)
    assert (process.returncode, process.stdout, process.stderr.count("\n")) == (1, "", 1)
    assert process.stderr.endswith("baremint up\n")


def test_a_question_leaves_the_checkout_alone() -> None:
    before = set(ROOT.iterdir())
    run(ROOT, "help")
    assert set(ROOT.iterdir()) == before
