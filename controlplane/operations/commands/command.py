"""What a command is: what it says of itself, which arguments it takes, and what it does."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controlplane.deployment.credentials import Credentials
from controlplane.deployment.location import Location

Options = Mapping[str, Any]


class CommandFailed(Exception):
    """Why, for the person who gave the command."""


class Source(Protocol):
    """Who knows what a Baremint holds: the one that runs, or its database. The answers are those of ``/_baremint/``."""

    runs: bool
    """Whether it is one that runs."""

    def credentials(self) -> Credentials | None: ...

    def servers(self, account_id: str, *, named: str = "") -> list[dict[str, Any]]:
        """In the order in which they were made. With ``named``, at least the first one of this name, if any has it."""

    def keys(self) -> list[dict[str, Any]]: ...

    def renewals(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Context:
    location: Location
    source: Source
    say: Callable[[str], None]
    """One line or more to the standard output. A command asks its source before it says anything."""


@dataclass(frozen=True)
class Command:
    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Options, Context], None]
    """Raises CommandFailed."""
