"""Run a command without Django, where that is possible."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from controlplane import __version__
from controlplane.deployment.home import unusable
from controlplane.deployment.location import Location
from controlplane.operations.commands.argument_parser import parser_of
from controlplane.operations.commands.colours import red
from controlplane.operations.commands.command import Command, CommandFailed, Context
from controlplane.operations.commands.data_directory import select_data_directory, take_home_option
from controlplane.operations.terminal import discard_output
from controlplane.runtime.supervisor.start_report import Report

SETTINGS = "controlplane.settings"
"""Other settings modules need Django."""
MODULES = {
    "info_commands": ("info", "address", "env"),
    "rest_commands": ("is", "clock", "explain", "jobs", "token"),
    "key_commands": ("keys", "certificates", "certificate-rotation", "revoke"),
    "up_down": ("up", "down"),
}
MODULE_OF_COMMAND = {name: module for module, names in MODULES.items() for name in names}
FAILED = 1
DJANGOS = "manage.py"
"""The program whose help lists Django's commands too."""
HELP: tuple[list[str], ...] = ([], ["help"], ["--help"], ["-h"])


def command(name: str) -> Command:
    """Return a command of ``MODULE_OF_COMMAND``."""
    definition: Command = import_module(f"{__package__}.{MODULE_OF_COMMAND[name]}").COMMANDS[name]
    return definition


def run(arguments: Sequence[str]) -> int | None:
    """Run ``baremint ARGUMENTS`` and return its exit status, or None when Django must run it. Raises WrongSetting."""
    program, *words = arguments
    sys.argv[1:] = words = take_home_option(words)
    if Path(program).name == DJANGOS and words[:1] in HELP:
        return None
    if os.environ.get("DJANGO_SETTINGS_MODULE", SETTINGS) != SETTINGS:
        return None
    if {"DJANGO_AUTO_COMPLETE", "DJANGO_COLORS"} & os.environ.keys():
        return None
    try:
        return _run(Path(program).name, words)
    except BrokenPipeError:
        discard_output()
        return FAILED


def _run(program: str, words: list[str]) -> int | None:
    match words:
        case _ if words[:1] in HELP and len(words) < 2:
            from controlplane.operations.commands.help_page import help_text  # noqa: PLC0415  other commands do not need it

            _write(help_text("python -m controlplane" if program == "__main__.py" else program))
        case ["--version"] | ["version", *_]:
            _write(__version__)
        case ["help", name] if name in MODULE_OF_COMMAND:
            parser_of(command(name), program=f"{program} {name}").print_help()
        case [name, *options] if name in MODULE_OF_COMMAND:
            return _run_command(name, options, program=f"{program} {name}")
        case ["help", name, *_]:
            return _leave_to_django(name, program)
        case [name, *_]:
            return _leave_to_django(name, program, select_data_directory(words))
    return 0


def _leave_to_django(name: str, program: str, obstacle: str = "") -> int | None:
    from controlplane.operations.commands import help_page  # noqa: PLC0415  most commands do not need it

    if not (name.startswith("-") or help_page.is_known(name)):
        obstacle = help_page.unknown(name, program)
    return _refused(obstacle)


def _refused(obstacle: str) -> int | None:
    """Print the obstacle and return the exit status; None without an obstacle, so that Django runs the command."""
    if not obstacle:
        return None
    sys.stderr.write(f"CommandError: {obstacle}\n")
    return FAILED


def _run_command(name: str, words: list[str], *, program: str) -> int | None:
    definition = command(name)
    options = vars(parser_of(definition, program=program).parse_args(words))
    from controlplane.operations.commands.rest_source import RestSource, SourceUnavailable  # noqa: PLC0415  help needs no client

    if options["settings"] or options["pythonpath"]:
        return None
    obstacle = select_data_directory([name, *words])
    location = _location()
    try:
        _refuse_both_colours(options)
        if name == "up" and not options["detach"]:
            from controlplane.operations.commands.up_down import acquire_home  # noqa: PLC0415  other commands do without

            os.umask(0o077)  # files of this process and its children are private to the user
            if message := acquire_home(location.home):
                _write(f"  ... {message}")
            return None
        definition.run(options, Context(location, RestSource(location), _write))
    except SourceUnavailable:
        return _refused(obstacle)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None:
            raise
        raise unusable(error) from None
    except CommandFailed as error:
        if (waiting := options.get("report_to")) is not None:
            Report(waiting).failed(str(error))
        if options["traceback"]:
            raise
        message = red(f"CommandError: {error}\n", on=sys.stderr, bold=True, forced=options["force_color"])
        sys.stderr.write(f"CommandError: {error}\n" if options["no_color"] else message)
        return FAILED
    return 0


def _location() -> Location:
    """Return the location of the settings. Raises WrongSetting."""
    try:
        from controlplane.deployment import variables  # noqa: PLC0415  its import raises WrongSetting, which help must not

        variables.HOME.guard()
    except OSError as error:
        raise unusable(error) from None
    return Location.of(variables)


def _refuse_both_colours(options: dict[str, Any]) -> None:
    if options["force_color"] and options["no_color"]:
        raise CommandFailed("The --no-color and --force-color options can't be used together.")


def _write(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()
