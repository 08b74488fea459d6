"""The argument parser of a command, with the options and the help of Django's ``BaseCommand``, without Django."""

import sys
from argparse import Action, ArgumentParser, HelpFormatter
from collections.abc import Iterable
from typing import Any

from controlplane import __version__
from controlplane.operations.commands.command import Command

COMMON: dict[tuple[str, ...], dict[str, Any]] = {
    ("-v", "--verbosity"): {
        "default": 1,
        "type": int,
        "choices": [0, 1, 2, 3],
        "help": "Verbosity level; 0=minimal output, 1=normal output, 2=verbose output, 3=very verbose output",
    },
    ("--settings",): {
        "help": 'The Python path to a settings module, e.g. "myproject.settings.main". If this isn\'t provided, the '
        "DJANGO_SETTINGS_MODULE environment variable will be used."
    },
    ("--pythonpath",): {"help": 'A directory to add to the Python path, e.g. "/home/djangoprojects/myproject".'},
    ("--traceback",): {"action": "store_true", "help": "Display a full stack trace on CommandError exceptions."},
    ("--no-color",): {"action": "store_true", "help": "Don't colorize the command output."},
    ("--force-color",): {"action": "store_true", "help": "Force colorization of the command output."},
}
LAST = {"--version", *(name for names in COMMON for name in names if name.startswith("--"))}


class OwnArgumentsFirst(HelpFormatter):
    """Lists the options that all commands have last."""

    def add_usage(self, usage: str | None, actions: Iterable[Action], *args: Any, **kwargs: Any) -> None:
        super().add_usage(usage, _reordered(actions), *args, **kwargs)

    def add_arguments(self, actions: Iterable[Action]) -> None:
        super().add_arguments(_reordered(actions))


def _reordered(actions: Iterable[Action]) -> list[Action]:
    return sorted(actions, key=lambda action: not LAST.isdisjoint(action.option_strings))


class _Version(Action):
    def __init__(self, **options: Any) -> None:
        super().__init__(nargs=0, help="Show program's version number and exit.", **options)

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        sys.stdout.write(f"{__version__}\n")
        parser.exit()


def parser_of(command: Command, *, program: str) -> ArgumentParser:
    """Return the parser. ``program`` is its name in the help, such as ``baremint info``."""
    parser = ArgumentParser(prog=program, description=command.help, formatter_class=OwnArgumentsFirst)
    parser.add_argument("--version", action=_Version)
    for names, options in COMMON.items():
        parser.add_argument(*names, **options)
    command.add_arguments(parser)
    return parser
