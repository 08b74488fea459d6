"""The definition of a command of ``baremint is``, and the options that many commands have."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.cli.arguments import Arguments, argument, one_of
from controlplane.cli.client import Client
from controlplane.cli.output import Column

Options = Mapping[str, Any]
BOOLEAN = "true|false"
LAST_VLAN = 4094


@dataclass(frozen=True)
class Command:
    help: str
    example: str
    arguments: Arguments
    run: Callable[[Client, Options], Any]
    columns: list[Column] | None = None
    """The columns of the output; None for a command without output."""
    alias: str = ""
    """IBM's short form of the command."""
    changes: bool = False
    """Whether the command changes something."""


class CommandParser(ArgumentParser):
    """Accepts long options with one dash too, as IBM's command line does: ``-allowed-vlans 1,3``."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Report unknown arguments with the usage of this command instead of that of all commands."""
        options, unknown = super().parse_known_args([self._with_two_dashes(each) for each in args or ()], namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def _with_two_dashes(self, command: str) -> str:
        option = f"-{command.partition('=')[0]}"
        return f"-{command}" if option.startswith("--") and option in self._option_string_actions else command


def boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ArgumentTypeError("it must be true or false")
    return text == "true"


def names(text: str) -> list[str]:
    """Parse names or ids, separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def vlans(text: str) -> list[int]:
    """Parse VLAN ids and ranges of them, separated by commas: ``1,2,900-929``. A range may be in either direction."""
    ids: set[int] = set()
    for part in names(text):
        first, _, last = part.partition("-")
        try:
            ends = sorted((int(first), int(last or first)))
        except ValueError:
            raise ArgumentTypeError(f"{part} is neither a VLAN id nor a range of them") from None
        if ends[0] < 1 or ends[1] > LAST_VLAN:
            raise ArgumentTypeError(f"a VLAN id is between 1 and {LAST_VLAN}")
        ids.update(range(ends[0], ends[1] + 1))
    return sorted(ids)


def text_or_file(text: str) -> str:
    """Return a text, or the content of ``@FILE``."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentTypeError(f"{text[1:]} cannot be read: {getattr(error, 'strerror', '') or error}") from None


def json_or_file(text: str) -> list[dict[str, Any]]:
    """Parse a list of objects in JSON, or in ``@FILE``."""
    try:
        value = json.loads(text_or_file(text))
    except ValueError as error:
        raise ArgumentTypeError(f"it is no JSON: {error}") from None
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ArgumentTypeError("it must be a list of objects in JSON, or @FILE with one")
    return value


def output(text: str) -> str:
    """Parse ``JSON``, as IBM writes it, or ``table``, in upper or lower case."""
    if text.lower() not in ("json", "table"):
        raise ArgumentTypeError("it must be JSON or table")
    return text.lower()


def boolean_option(name: str, about: str) -> Arguments:
    return argument(name, type=boolean, metavar=BOOLEAN, help=about)


RESOURCE_GROUP = (
    argument("--resource-group-id", metavar="ID", help="id of the resource group"),
    argument("--resource-group-name", metavar="NAME", help="name of the resource group"),
)
resource_group_options = one_of(*RESOURCE_GROUP)
all_resource_groups_options = one_of(
    *RESOURCE_GROUP,
    argument("--all-resource-groups", action="store_true", help="those of all groups, as without it"),
)
server_argument = argument("server", metavar="SERVER", help="name, id or CRN of the bare metal server")
force_option = argument("-f", "--force", action="store_true", help="accepted; nothing is asked")
"""IBM's command line asks for confirmation without it; this one never does."""


def option_properties(options: Options, **properties: str) -> dict[str, Any]:
    """Return the properties whose option is set: ``option_properties(options, allowed_vlans="pnic_allowed_vlans")``."""
    return {name: options[option] for name, option in properties.items() if options[option] is not None}


def with_value(**parts: Any) -> dict[str, Any]:
    """Return the parts of a body or a query that are neither None nor empty."""
    return {name: part for name, part in parts.items() if part}
