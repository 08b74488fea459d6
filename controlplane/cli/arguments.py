"""The arguments of a command as data: each part adds itself to a parser, or to a group in one."""

from argparse import _ActionsContainer
from collections.abc import Callable
from typing import Any

Arguments = Callable[[_ActionsContainer], object]


def argument(*names: str, **options: Any) -> Arguments:
    """One argument, with the parameters of ``ArgumentParser.add_argument``."""
    return lambda container: container.add_argument(*names, **options)


def arguments(*parts: Arguments) -> Arguments:
    """All of these, in this order."""

    def add(container: _ActionsContainer) -> None:
        for part in parts:
            part(container)

    return add


def one_of(*parts: Arguments) -> Arguments:
    """Options of which a command line may have only one."""
    return lambda container: arguments(*parts)(container.add_mutually_exclusive_group())


def json_option(about: str = "for scripts: the JSON of the response") -> Arguments:
    return argument("--json", action="store_true", help=about)


no_arguments = arguments()
