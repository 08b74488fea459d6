"""The definition of a command: its help, its arguments, and its function."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controlplane.deployment.credentials import Credentials
from controlplane.deployment.location import Location

Options = Mapping[str, Any]


class CommandFailed(Exception):
    """The message is the reason, for the user."""


class Source(Protocol):
    """The source of a command's data: the running Baremint or its database, in the format of ``/_baremint/``."""

    runs: bool
    """Whether it is the running Baremint."""

    def credentials(self) -> Credentials | None: ...

    def servers(self, account_id: str, *, named: str = "") -> list[dict[str, Any]]:
        """Return the servers, the oldest first. With ``named``, at least the first server of this name, if any."""

    def instances(self, account_id: str) -> list[dict[str, Any]]:
        """Return the active service instances as the resource controller answers them, the oldest first."""

    def keys(self) -> list[dict[str, Any]]: ...

    def renewals(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Context:
    """What a command needs of its surroundings."""

    location: Location
    source: Source
    write: Callable[[str], None]
    """Writes lines to the standard output. A command reads its source before it writes anything."""


@dataclass(frozen=True)
class Command:
    """A command of ``baremint``."""

    help: str
    add_arguments: Callable[[ArgumentParser], object]
    run: Callable[[Options, Context], None]
    """Raises CommandFailed."""
