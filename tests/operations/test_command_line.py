"""A printed next step names the command so that the reader's shell finds it."""

import sys
from pathlib import Path

import pytest

from controlplane.deployment.command_line import command_hint


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment ``.venv`` in the current directory, which is not activated."""
    program = tmp_path / ".venv" / "bin" / "baremint"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return program


def test_the_path_is_given_where_the_environment_is_not_activated(installed: Path) -> None:
    assert command_hint("down") == ".venv/bin/baremint down"


def test_the_name_is_enough_where_the_environment_is_activated(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{installed.parent}:/usr/bin")
    assert command_hint("down") == "baremint down"


def test_the_whole_path_is_given_elsewhere(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert Path(command_hint("down").removesuffix(" down")).samefile(installed)
