"""Runs a command without Django, if that can be done."""

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
from controlplane.operations.commands.data_directory import settle, take_home
from controlplane.operations.terminal import discard_the_rest
from controlplane.runtime.supervisor.start_report import Report

SETTINGS = "controlplane.settings"
"""Whoever names other ones has them read, and that takes Django."""
MODULES = {
    "info_commands": ("info", "address", "env"),
    "rest_commands": ("is", "clock", "explain", "jobs", "token"),
    "key_commands": ("keys", "certificates", "certificate-rotation", "revoke"),
    "up_down": ("up", "down"),
}
OWNERS = {name: module for module, names in MODULES.items() for name in names}
FAILED = 1
DJANGOS = "manage.py"
"""Where Django's own commands are listed."""
HELP: tuple[list[str], ...] = ([], ["help"], ["--help"], ["-h"])


def command(name: str) -> Command:
    """One of ``OWNERS``."""
    found: Command = import_module(f"{__package__}.{OWNERS[name]}").COMMANDS[name]
    return found


def run(arguments: Sequence[str]) -> int | None:
    """The exit status of ``baremint ARGUMENTS``; None when Django has to run it. Raises WrongSetting."""
    program, *words = arguments
    sys.argv[1:] = words = take_home(words)
    if Path(program).name == DJANGOS and words[:1] in HELP:
        return None
    if os.environ.get("DJANGO_SETTINGS_MODULE", SETTINGS) != SETTINGS:
        return None
    if {"DJANGO_AUTO_COMPLETE", "DJANGO_COLORS"} & os.environ.keys():
        return None
    try:
        return _run(Path(program).name, words)
    except BrokenPipeError:
        discard_the_rest()
        return FAILED


def _run(program: str, words: list[str]) -> int | None:
    match words:
        case _ if words[:1] in HELP and len(words) < 2:
            from controlplane.operations.commands.help_page import help_text  # noqa: PLC0415  nobody else needs it

            _say(help_text("python -m controlplane" if program == "__main__.py" else program))
        case ["--version"] | ["version", *_]:
            _say(__version__)
        case ["help", name] if name in OWNERS:
            parser_of(command(name), program=f"{program} {name}").print_help()
        case [name, *rest] if name in OWNERS:
            return _run_command(name, rest, program=f"{program} {name}")
        case ["help", name, *_]:
            return _leave_to_django(name, program)
        case [name, *_]:
            return _leave_to_django(name, program, settle(words))
    return 0


def _leave_to_django(name: str, program: str, obstacle: str = "") -> int | None:
    from controlplane.operations.commands import help_page  # noqa: PLC0415  most commands need it not

    if not (name.startswith("-") or help_page.is_known(name)):
        obstacle = help_page.unknown(name, program)
    return _refused(obstacle)


def _refused(obstacle: str) -> int | None:
    """The exit status of a command with this obstacle, which is told; None without one: Django runs it."""
    if not obstacle:
        return None
    sys.stderr.write(f"CommandError: {obstacle}\n")
    return FAILED


def _run_command(name: str, words: list[str], *, program: str) -> int | None:
    wanted = command(name)
    options = vars(parser_of(wanted, program=program).parse_args(words))
    from controlplane.operations.commands.rest_source import Running, Unanswered  # noqa: PLC0415  help needs no client

    if options["settings"] or options["pythonpath"]:
        return None
    obstacle = settle([name, *words])
    location = _location()
    try:
        _refuse_both_colours(options)
        if name == "up" and not options["detach"]:
            from controlplane.operations.commands.up_down import claim  # noqa: PLC0415  other commands do without

            os.umask(0o077)  # whatever this process and its children make is the user's alone
            if told := claim(location.home):
                _say(f"  ... {told}")
            return None
        wanted.run(options, Context(location, Running(location), _say))
    except Unanswered:
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
        told = red(f"CommandError: {error}\n", on=sys.stderr, bold=True, forced=options["force_color"])
        sys.stderr.write(f"CommandError: {error}\n" if options["no_color"] else told)
        return FAILED
    return 0


def _location() -> Location:
    """Raises WrongSetting."""
    try:
        from controlplane.deployment import variables  # noqa: PLC0415  what comes before needs no setting to be right

        variables.HOME.guard()
    except OSError as error:
        raise unusable(error) from None
    return Location.of(variables)


def _refuse_both_colours(options: dict[str, Any]) -> None:
    if options["force_color"] and options["no_color"]:
        raise CommandFailed("The --no-color and --force-color options can't be used together.")


def _say(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()
