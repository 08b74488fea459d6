"""A product is found from any shell: its data directory, and in there its addresses and ports."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.product import clean_environment, free_ports

pytestmark = [pytest.mark.live, pytest.mark.e2e]


class Shell:
    """One without any setting, in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {**clean_environment(), "XDG_STATE_HOME": str(root / "state")}

    def __call__(self, command: str, *, folder: str = ".", **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [f"{sys.prefix}/bin/baremint", *command.split()],
            env={**self.environment, **settings},
            cwd=self.root / folder,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Beside a product that listens on ports of its own."""
    root = tmp_path_factory.mktemp("found")
    (root / "checkout" / "deep" / "er").mkdir(parents=True)
    (root / "elsewhere").mkdir()
    new_shell = Shell(root)
    ports = dict(zip(("PORT", "METADATA_PORT", "METADATA_TLS_PORT"), map(str, free_ports(3)), strict=True))
    settings = {f"BAREMINT_{name}": port for name, port in ports.items()}
    started = new_shell("up --detach", folder="checkout", **settings)
    assert started.returncode == 0, started.stderr
    new_shell.ports = ports  # type: ignore[attr-defined]
    yield new_shell
    new_shell("down", folder="checkout")


READING = ["info --json", "address web-1 --url", "env web-1", "is account", "clock", "token", "jobs", "keys"]


@pytest.mark.parametrize("folder", ["checkout", "checkout/deep/er", "elsewhere"])
@pytest.mark.parametrize("command", READING)
def test_a_command_that_reads_finds_the_data_directory(shell: Shell, command: str, folder: str) -> None:
    process = shell(command, folder=folder)
    assert process.returncode == 0, process.stderr
    says = f"Data directory: {shell.root}/checkout/.baremint"
    assert (says in process.stderr) is (folder != "checkout")


def test_info_tells_the_ports_that_it_listens_on(shell: Shell) -> None:
    info = json.loads(shell("info --json", folder="elsewhere").stdout)
    ports: dict[str, str] = shell.ports  # type: ignore[attr-defined]
    assert info["control_plane_url"].endswith(f":{ports['PORT']}")
    assert str(info["metadata_port"]) == ports["METADATA_PORT"]


@pytest.mark.parametrize("command", ["down", "clock advance 1h", "rotate iam", "revoke web-1 1", "person newcomer"])
def test_a_command_that_changes_something_wants_the_data_directory_named(shell: Shell, command: str) -> None:
    process = shell(command, folder="elsewhere")
    assert process.returncode == 1
    assert f"--home {shell.root}/checkout/.baremint" in process.stderr


@pytest.mark.parametrize("named", ["--home", "BAREMINT_HOME"])
def test_a_command_with_a_named_data_directory_changes_it(shell: Shell, named: str) -> None:
    home = f"{shell.root}/checkout/.baremint"
    if named == "--home":
        process = shell(f"clock advance 1m --home {home}", folder="elsewhere")
    else:
        process = shell("clock advance 1m", folder="elsewhere", BAREMINT_HOME=home)
    assert process.returncode == 0, process.stderr
    assert process.stderr == f"Data directory: {home}\n"


def test_commands_that_read_make_nothing(shell: Shell) -> None:
    assert list((shell.root / "elsewhere").iterdir()) == []
    assert list((shell.root / "checkout" / "deep").iterdir()) == [shell.root / "checkout" / "deep" / "er"]


def test_after_its_end_a_printed_next_step_starts_the_same_one(shell: Shell) -> None:
    shell("down", folder="checkout")
    info = shell("info", folder="elsewhere")
    for command in ("token", "is account", "clock advance 1h", "jobs"):
        refusal = shell(command, folder="checkout")
        assert "Baremint does not run in" in refusal.stderr, "the process that listens on its port now gets the API key"
    assert f"--home {shell.root}/checkout/.baremint up" in info.stdout
