"""A process of the product that this process starts runs the same code, whatever the current folder is."""

import subprocess
from pathlib import Path

import pytest

from controlplane import __version__
from controlplane.bench.signing import raw_rate
from controlplane.deployment import command_line


@pytest.fixture
def odd_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder, with modules that have the names of the product's."""
    for module in ("controlplane", "servers", "django", "json"):
        (tmp_path / module).mkdir()
        (tmp_path / module / "__init__.py").write_text("raise SystemExit('imported from here')")
    monkeypatch.chdir(tmp_path)


def version(environment: dict[str, str]) -> str:
    process = subprocess.run(
        command_line.python("controlplane", "--version"), env=environment, capture_output=True, text=True, check=False
    )
    return process.stdout.strip() or process.stderr


@pytest.mark.usefixtures("odd_folder")
def test_nothing_is_imported_from_the_current_folder() -> None:
    assert version(command_line.environment({})) == __version__


def test_another_checkout_in_pythonpath_does_not_come_first(tmp_path: Path) -> None:
    (tmp_path / "controlplane").mkdir()
    (tmp_path / "controlplane" / "__init__.py").write_text("raise SystemExit('another checkout')")
    assert version(command_line.environment({"PYTHONPATH": str(tmp_path)})) == __version__


@pytest.mark.usefixtures("odd_folder")
def test_processes_of_the_benchmark_import_nothing_from_the_current_folder() -> None:
    assert raw_rate(processes=1, seconds=0.05).wall > 0
