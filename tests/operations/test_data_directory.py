"""Which data directory a command means."""

import json
import os
from pathlib import Path

import pytest

from controlplane.deployment import command_line, process_lock, run_file
from controlplane.deployment.env import WrongSetting
from controlplane.deployment.home import NAME, Home, find_home
from controlplane.operations.commands import help_page
from controlplane.operations.commands.data_directory import (
    CHANGE,
    READ,
    changes,
    select_data_directory,
    take_home_option,
)


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user in a folder of their own, who has started nothing yet. Returns that folder."""
    for name in ("BAREMINT_HOME", "BAREMINT_URL", "BAREMINT_PORT", "DATABASE_URL"):
        monkeypatch.setenv(name, "")  # so that it is as before in the end
        monkeypatch.delenv(name)
    monkeypatch.setattr(command_line, "_options", [])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (folder := tmp_path / "folder").mkdir()
    monkeypatch.chdir(folder)
    return folder


class Settings:
    EMBEDDED_DATABASE = True
    BAREMINT_HOST = "127.0.0.1"
    BAREMINT_PORT = 23000
    BAREMINT_METADATA_PORT = 23169
    BAREMINT_METADATA_TLS_PORT = 23170
    BAREMINT_REGION = "eu-de"
    BAREMINT_PUBLIC_URL = "https://baremint.example"


@pytest.fixture
def last(tmp_path: Path) -> Path:
    """The data directory of a Baremint that ran elsewhere."""
    home = Home(tmp_path / "elsewhere" / NAME)
    with process_lock.lock(home), run_file.published(home, Settings):
        pass
    return home.path


# --- --home


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        (["--home", "/x", "info", "--json"], ["info", "--json"]),
        (["info", "--home", "/x"], ["info"]),
        (["info", "--home=/x", "--json"], ["info", "--json"]),
    ],
)
def test_home_is_taken_wherever_it_stands(words: list[str], rest: list[str]) -> None:
    assert take_home_option(words) == rest
    assert os.environ["BAREMINT_HOME"] == "/x"


def test_home_after_the_dashes_belongs_to_another_program() -> None:
    assert take_home_option(["enter", "web-1", "--", "x", "--home", "/x"]) == [
        "enter",
        "web-1",
        "--",
        "x",
        "--home",
        "/x",
    ]
    assert "BAREMINT_HOME" not in os.environ


@pytest.mark.parametrize("words", [["info", "--home"], ["--home", "", "down"], ["--home=", "down"]])
def test_home_without_a_directory_is_refused(words: list[str]) -> None:
    """As by a variable of the shell that is not set."""
    with pytest.raises(WrongSetting, match="--home needs a directory"):
        take_home_option(words)


def test_a_printed_next_step_names_the_data_directory() -> None:
    take_home_option(["--home", "/a folder", "info"])
    assert command_line.command_hint("down").endswith("--home '/a folder' down")


# --- By directory


@pytest.mark.parametrize("deep", [".", "a", "a/b/c"])
def test_the_data_directory_is_found_from_any_directory_below(
    user: Path, deep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (user / NAME).mkdir()
    (user / deep).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(user / deep)
    assert find_home() == (user / NAME, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_data_directory_that_another_user_made_is_not_used(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (user / NAME).mkdir()
    os.chown(user / NAME, 65_533, 65_533)
    (user / "a").mkdir()
    monkeypatch.chdir(user / "a")
    assert find_home() == (user / "a" / NAME, False)


def test_the_directory_of_a_user_may_be_named_by_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BAREMINT_HOME", "~/x")
    (tmp_path / "x").mkdir()
    assert find_home() == (tmp_path / "x", True)


def test_the_environment_goes_before_the_directory(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (user / NAME).mkdir()
    monkeypatch.setenv("BAREMINT_HOME", "/elsewhere")
    assert find_home()[0] == Path("/elsewhere")


# --- The last one


@pytest.mark.parametrize("words", [["info"], ["env", "web-1"], ["clock"], ["is", "bare-metal-servers"], ["keys"]])
def test_commands_that_read_fall_back_to_the_last_data_directory_and_say_so(
    last: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    select_data_directory(words)
    assert os.environ["BAREMINT_HOME"] == str(last)
    assert capsys.readouterr().err == f"Data directory: {last} (the last one that was started)\n"


CHANGING = [
    ["down"],
    ["restore", "b.tar"],
    ["rotate", "iam"],
    ["revoke", "web-1", "1"],
    ["clock", "advance", "1h"],
    ["clock", "--json", "freeze"],
    ["certificate-rotation", "web-1", "off"],
    ["person", "newcomer"],
    ["migrate"],
    ["is", "bare-metal-server-delete", "web-1"],
    ["is", "--region", "eu-de", "account-update", "--metadata-service", "false"],
    ["is", "bare-metal-server-initialization", "web-1", "--image", "x"],
    ["lab", "down"],
]


@pytest.mark.parametrize("words", CHANGING, ids=" ".join)
def test_commands_that_change_something_do_not_use_the_last_data_directory(last: Path, words: list[str]) -> None:
    with pytest.raises(WrongSetting, match=f"There is no data directory in .* name it: --home {last}"):
        select_data_directory(words)
    assert "BAREMINT_HOME" not in os.environ


@pytest.mark.parametrize("words", CHANGING, ids=" ".join)
def test_commands_that_change_something_print_the_data_directory_first(
    user: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (user / NAME).mkdir()
    select_data_directory(words)
    assert capsys.readouterr().err == ("" if words == ["down"] else f"Data directory: {user / NAME}\n")


def test_a_last_data_directory_that_is_gone_is_not_used(last: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last.rename(last.with_name("gone"))
    select_data_directory(["info"])
    assert "BAREMINT_HOME" not in os.environ


@pytest.mark.parametrize("words", [["clock", "advance", "1h"], ["is", "account"], ["revoke", "web-1", "1"]])
def test_a_command_about_another_baremint_needs_no_data_directory(
    last: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BAREMINT_URL", "https://baremint.example")
    select_data_directory(words)
    text = "Baremint at https://baremint.example\n" if changes(words) else ""
    assert (capsys.readouterr().err, os.environ.get("BAREMINT_HOME")) == (text, None)


def test_a_directory_that_is_named_goes_before_a_baremint_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's shell has the URL and the key of one in its environment."""
    monkeypatch.setenv("BAREMINT_URL", "https://baremint.example")
    monkeypatch.setenv("BAREMINT_API_KEY", "its key")
    take_home_option(["--home", "/x", "clock", "advance", "1h"])
    assert not {"BAREMINT_URL", "BAREMINT_API_KEY"} & os.environ.keys()


def test_the_folder_around_a_data_directory_is_no_data_directory(user: Path) -> None:
    Home(user / NAME).write_secret("kek", "x")
    take_home_option(["--home", str(user), "up"])
    with pytest.raises(WrongSetting, match=f"is no data directory. Its .baremint is one: --home {user}/{NAME}"):
        select_data_directory(["up"])


def test_every_command_of_ours_reads_or_changes_or_starts_something() -> None:
    starts = {name for name in help_page.COMMANDS_OF_BAREMINT if name.startswith("serve_")} | {"up", "lab", "bench"}
    assert READ | CHANGE | starts == help_page.COMMANDS_OF_BAREMINT
    assert {name for name in READ & CHANGE if not changes([name])} == set()


# --- What runs there


def test_ports_and_addresses_are_those_of_what_runs_there(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(user / NAME)
    monkeypatch.setenv("BAREMINT_PORT", "1")
    with process_lock.lock(home), run_file.published(home, Settings):
        select_data_directory(["info"])
        assert os.environ["BAREMINT_PORT"] == "23000"
        assert os.environ["BAREMINT_REGION"] == "eu-de"
        assert (home.path / run_file.FILE).stat().st_mode & 0o077 == 0
    assert run_file.settings_of(home) == {}


def test_what_a_killed_one_has_left_counts_for_nothing(user: Path) -> None:
    home = Home(user / NAME)
    home.write_secret(run_file.FILE, json.dumps({"process": 1, "settings": {"BAREMINT_PORT": "23000"}}))
    assert run_file.settings_of(home) == {}


@pytest.mark.parametrize("content", ["", "no JSON", "[]", "1", '{"process": null}'])
def test_what_is_broken_counts_for_nothing(user: Path, content: str) -> None:
    home = Home(user / NAME)
    home.write_secret(run_file.FILE, content)
    assert run_file.settings_of(home) == {}


def test_who_keeps_data_elsewhere_is_asked_for_where(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a command would read, or even change, an empty database in the data directory."""
    home = Home(user / NAME)
    monkeypatch.setattr(Settings, "EMBEDDED_DATABASE", False)
    with process_lock.lock(home), run_file.published(home, Settings):
        assert "Set DATABASE_URL as it has it" in select_data_directory(["rotate", "iam"])
        assert select_data_directory(["lab", "status"]) == select_data_directory(["enter", "web-1"]) == ""
        monkeypatch.setenv("DATABASE_URL", "postgresql:///x")
        assert select_data_directory(["rotate", "iam"]) == ""


def test_nothing_is_made_by_looking(user: Path) -> None:
    select_data_directory(["info"])
    assert list(user.iterdir()) == []
