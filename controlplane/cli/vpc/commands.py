"""The table of all commands of ``baremint is``, and how a command is run."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence

from controlplane.cli.client import Client
from controlplane.cli.output import as_fields, as_json, as_table
from controlplane.cli.vpc import (
    attachment_commands,
    collection_commands,
    initialization_commands,
    interface_commands,
    reservation_commands,
    resource_commands,
    server_commands,
)
from controlplane.cli.vpc.command import Command, CommandParser, Options, output

COMMANDS: dict[str, Command] = {
    **server_commands.COMMANDS,
    **initialization_commands.COMMANDS,
    **interface_commands.COMMANDS,
    **attachment_commands.COMMANDS,
    **reservation_commands.COMMANDS,
    **collection_commands.COMMANDS,
    **resource_commands.COMMANDS,
}
ALIASES: dict[str, str] = {command.alias: name for name, command in COMMANDS.items() if command.alias}


def add_commands(parser: ArgumentParser) -> None:
    """Add all commands with their options and help."""
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, title="commands", parser_class=CommandParser
    )
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(
            name,
            aliases=[command.alias] if command.alias else [],
            help=command.help,
            description=f"{command.help}.",
            formatter_class=RawDescriptionHelpFormatter,
            epilog=f"Example:\n  baremint is {name} {command.example}".rstrip(),
        )
        command.arguments(subparser)
        subparser.add_argument("--output", type=output, metavar="JSON|table", default="table", help="output format")
        subparser.add_argument("-q", "--quiet", action="store_true", help="accepted; there is no verbose output")


def run_command(client: Client, options: Options) -> str:
    """Run a command and return its output. Raises Refused, NotFound, WrongOption, CannotCall."""
    command = COMMANDS[ALIASES.get(str(options["command"]), str(options["command"]))]
    answer = command.run(client, options)
    if options["output"] == "json":
        return as_json(answer) if answer is not None else ""
    if command.columns is None:
        return "OK" if answer is None else str(answer)
    return as_table(answer, command.columns) if isinstance(answer, list) else as_fields(answer, command.columns)


def changes_something(arguments: Sequence[str]) -> bool:
    """Return whether the arguments of ``baremint is`` contain a command that changes something."""
    names = {ALIASES.get(command, command) for command in arguments} & COMMANDS.keys()
    return any(COMMANDS[name].changes for name in names) or (
        initialization_commands.SHOW_OR_REPLACE in names and any(each.startswith("--im") for each in arguments)
    )
