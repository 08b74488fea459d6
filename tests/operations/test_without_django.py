"""Commands that do without Django look as Django's own do: the same help, the same words, the same colours."""

import io
import os
from pathlib import Path

import pytest
from django.core.management import load_command_class

from controlplane import __version__, installed
from controlplane.deployment import process_lock
from controlplane.deployment.home import DATABASE_FILE, Home
from controlplane.deployment.location import Location
from controlplane.operations.commands import help_page, without_django
from controlplane.operations.commands.argument_parser import parser_of
from controlplane.operations.commands.colours import red
from controlplane.operations.commands.command import CommandFailed, Context
from controlplane.operations.commands.rest_source import RestSource, SourceUnavailable
from controlplane.operations.commands.up_down import acquire_home
from tests.live.product import ROOT
from tests.tables import check_each


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def location(tmp_path: Path) -> Location:
    (tmp_path / DATABASE_FILE).touch()
    return Location(Home(tmp_path), "127.0.0.1", 1, 2, 3, "http://127.0.0.1:1", "us-south", embedded_database=True)


def test_the_help_of_a_command_is_what_django_prints() -> None:
    def check(name: str) -> None:
        by_django = load_command_class("controlplane.operations", name).create_parser("baremint", name)

        assert (
            parser_of(without_django.command(name), program=f"baremint {name}").format_help() == by_django.format_help()
        )

    check_each(without_django.MODULE_OF_COMMAND, check)


COMMANDS_OF_BAREMINT = {
    file.stem
    for app in installed.APPS
    if app.partition(".")[0] in ("controlplane", "identity", "servers", "trustedprofiles")
    for file in (ROOT / app.replace(".", "/") / "management" / "commands").glob("[!_]*.py")
}


def test_the_list_has_our_commands_and_no_other_but_the_one_for_passwords() -> None:
    assert COMMANDS_OF_BAREMINT | {"changepassword"} == help_page.COMMANDS_OF_BAREMINT | help_page.INTERNAL_COMMANDS


def test_the_list_has_one_line_for_each_command_and_the_version() -> None:
    lines = help_page.help_text("baremint").splitlines()
    assert __version__ in lines[0]
    for name in help_page.COMMANDS_OF_BAREMINT:
        [line] = [line for line in lines if line.startswith(f"  {name} ")]
        assert line.endswith(".")
        assert len(line) <= 100


@pytest.mark.parametrize("words", [[], ["help"], ["--help"], ["-h"]])
def test_manage_py_lists_djangos_commands(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    assert without_django.run(["manage.py", *words]) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("servers", "baremint is bare-metal-servers"),
        ("satrt", None),
        ("start", "baremint up"),
        ("inof", "baremint info"),
        ("rotat", "baremint rotate"),
        ("xyzzy", None),
    ],
)
def test_a_command_that_is_none_is_told_with_what_may_be_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, meant: str | None
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    assert without_django.run(["baremint", typed]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith(f"CommandError: There is no command {typed}.")
    assert (f"Did you mean: {meant}" in errors) if meant else ("baremint help" in errors)


@pytest.mark.parametrize("name", ["migrate", "check", "shell", "makemigrations", "collectstatic", "serve_lab"])
def test_djangos_commands_are_run(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    assert without_django.run(["baremint", name]) is None


def test_the_version_is_the_products_own(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    assert without_django.run(["baremint", "--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_an_unknown_command_line_is_left_to_django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")

    assert without_django.run(["baremint", "migrate"]) is None
    assert without_django.run(["baremint", "info", "--settings", "elsewhere.settings"]) is None


def test_other_settings_are_left_to_django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")

    assert without_django.run(["baremint", "--help"]) is None


READING = pytest.mark.parametrize(
    "command", [["info"], ["env"], ["address", "web-1"], ["keys"], ["certificates", "--due"]]
)


def run(command: list[str], location: Location) -> None:
    process = without_django.command(command[0])
    options = vars(parser_of(process, program="baremint").parse_args(command[1:]))
    process.run(options, Context(location, RestSource(location), print))


@READING
def test_where_nothing_runs_the_database_is_asked(location: Location, command: list[str]) -> None:
    with pytest.raises(SourceUnavailable):
        run(command, location)


@READING
def test_where_there_is_no_database_there_is_nothing_to_ask(location: Location, command: list[str]) -> None:
    (location.home.path / DATABASE_FILE).unlink()
    with pytest.raises(CommandFailed, match=r"There is nothing in .* yet. Start Baremint first"):
        run(command, location)
    assert list(location.home.path.iterdir()) == []


def test_a_lock_that_was_taken_early_is_the_one_that_is_held_later(location: Location) -> None:
    acquire_home(location.home)
    assert process_lock.holder(location.home) == os.getpid()
    with process_lock.lock(location.home):
        assert process_lock.holder(location.home) == os.getpid()
    assert process_lock.holder(location.home) is None


def test_a_data_directory_that_is_claimed_is_refused_to_others(location: Location) -> None:
    with (
        process_lock.lock(location.home),
        pytest.raises(CommandFailed, match=f"already runs in .* .process {os.getpid()}."),
    ):
        acquire_home(location.home)


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "soon"])
def test_an_impossible_time_limit_is_refused(seconds: str) -> None:
    with pytest.raises(SystemExit) as error:
        parser_of(without_django.command("down"), program="baremint down").parse_args([f"--seconds={seconds}"])
    assert error.value.code == 2


def test_a_data_directory_is_read_when_the_process_that_locks_it_does_not_answer(location: Location) -> None:
    location.home.write_secret(
        "credentials.json", '{"account_id": "a", "api_key": "k", "username": "admin", "password": ""}'
    )
    with process_lock.lock(location.home), pytest.raises(SourceUnavailable):
        RestSource(location).keys()


def test_errors_are_red_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert red("no", on=io.StringIO(), forced=True) == "no"
    assert red("no", on=Terminal(), forced=True, bold=True) == "\x1b[31;1mno\x1b[0m"
    monkeypatch.setattr("sys.stdout", Terminal())
    assert red("no", on=Terminal()) == "\x1b[31mno\x1b[0m"
