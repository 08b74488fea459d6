"""What a word of ``baremint is`` consists of, and the options that many words have."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.cli.client import Client
from controlplane.cli.output import Column

Options = Mapping[str, Any]
BOOLEAN = "true|false"
LAST_VLAN = 4094


@dataclass(frozen=True)
class Word:
    help: str
    example: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Client, Options], Any]
    columns: list[Column] | None = None
    """How the answer reads; None for a word that answers nothing."""
    alias: str = ""
    """IBM's short form of the word."""
    changes: bool = False
    """Whether it changes something."""


class WordParser(ArgumentParser):
    """Takes long options with one dash too, as IBM's command line does: ``-allowed-vlans 1,3``."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Arguments that are not known end here, with the usage of the word instead of all words."""
        found, unknown = super().parse_known_args([self._with_two_dashes(each) for each in args or ()], namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def _with_two_dashes(self, word: str) -> str:
        option = f"-{word.partition('=')[0]}"
        return f"-{word}" if option.startswith("--") and option in self._option_string_actions else word


def boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ArgumentTypeError("it must be true or false")
    return text == "true"


def names(text: str) -> list[str]:
    """Names or ids, separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def vlans(text: str) -> list[int]:
    """VLAN ids and ranges of them, separated by commas: ``1,2,900-929``. A range may be given from either end."""
    found: set[int] = set()
    for part in names(text):
        first, _, last = part.partition("-")
        try:
            ends = sorted((int(first), int(last or first)))
        except ValueError:
            raise ArgumentTypeError(f"{part} is neither a VLAN id nor a range of them") from None
        if ends[0] < 1 or ends[1] > LAST_VLAN:
            raise ArgumentTypeError(f"a VLAN id is between 1 and {LAST_VLAN}")
        found.update(range(ends[0], ends[1] + 1))
    return sorted(found)


def text_or_file(text: str) -> str:
    """A text, or the content of ``@FILE``."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentTypeError(f"{text[1:]} cannot be read: {getattr(error, 'strerror', '') or error}") from None


def json_or_file(text: str) -> list[dict[str, Any]]:
    """A list of objects in JSON, or in ``@FILE``."""
    try:
        value = json.loads(text_or_file(text))
    except ValueError as error:
        raise ArgumentTypeError(f"it is no JSON: {error}") from None
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ArgumentTypeError("it must be a list of objects in JSON, or @FILE with one")
    return value


def output(text: str) -> str:
    """IBM's ``JSON``, in capitals or not, or ``table``."""
    if text.lower() not in ("json", "table"):
        raise ArgumentTypeError("it must be JSON or table")
    return text.lower()


def resource_group_options(parser: ArgumentParser, *, or_all: bool = False) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--resource-group-id", metavar="ID", help="id of the resource group")
    group.add_argument("--resource-group-name", metavar="NAME", help="name of the resource group")
    if or_all:
        group.add_argument("--all-resource-groups", action="store_true", help="those of all groups, as without it")


def no_arguments(parser: ArgumentParser) -> None:
    """Takes none."""


def server_argument(parser: ArgumentParser) -> None:
    parser.add_argument("server", metavar="SERVER", help="name, id or CRN of the bare metal server")


def force_option(parser: ArgumentParser) -> None:
    """IBM's command line asks for confirmation without it; this one never does."""
    parser.add_argument("-f", "--force", action="store_true", help="accepted; nothing is asked")


def forced_server_argument(parser: ArgumentParser) -> None:
    server_argument(parser)
    force_option(parser)


def switch(parser: ArgumentParser, name: str, about: str) -> None:
    parser.add_argument(name, type=boolean, metavar=BOOLEAN, help=about)


def given(options: Options, **properties: str) -> dict[str, Any]:
    """The properties of a body whose option was given: ``given(options, allowed_vlans="pnic_allowed_vlans")``."""
    return {name: options[option] for name, option in properties.items() if options[option] is not None}
