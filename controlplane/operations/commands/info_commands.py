"""``baremint info``, ``address`` and ``env``: where everything is."""

import json
import socket
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any
from urllib.parse import urlsplit

from controlplane.deployment import process_lock, run_file
from controlplane.deployment.command_line import command_hint
from controlplane.deployment.credentials import Credentials
from controlplane.deployment.location import Location
from controlplane.operations import info, sdk_environment
from controlplane.operations.commands.command import Command, CommandFailed, Context, Options
from controlplane.operations.up import welcome

ASK_SECONDS = 1.0


def facts(context: Context, *, named: str = "") -> dict[str, Any]:
    """With all servers, or at least the first one of this name. Raises CommandFailed."""
    credentials = _credentials(context)
    return info.collect(context.location, credentials, context.source.servers(credentials.account_id, named=named))


def _credentials(context: Context) -> Credentials:
    if (found := context.source.credentials()) is None:
        raise CommandFailed(str(info.NothingHere(context.location.home)))
    return found


def _facts_of_one(context: Context, wanted: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``facts`` says, and of that one server by name, id or CRN. Raises CommandFailed."""
    found = facts(context, named=wanted)
    try:
        return found, info.find_server(found, wanted)
    except info.UnknownServer as error:
        raise CommandFailed(str(error)) from None


def _info_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for scripts: one JSON object")


def _info(options: Options, context: Context) -> None:
    found = facts(context)
    if options["json"]:
        context.say(json.dumps(found, indent=2))
        return
    pid = process_lock.holder(context.location.home)
    if pid is None and context.source.runs:
        context.say(f"Baremint is up.\n\n{welcome.block(found)}")
        return
    if pid is None:
        context.say(f"Baremint is stopped. Start it: {command_hint('up')}\n\n{welcome.whereabouts(found)}")
        return
    if not run_file.settings_of(context.location.home):
        context.say(
            f"Process {pid} runs here, and does not say where it listens: another version has started it. "
            f"Stop it, and start it again: {command_hint('down')}"
        )
        return
    if _listens(context.location):
        context.say(f"Baremint is up (process {pid}).")
    else:
        context.say(f"Baremint starts or stops: its process {pid} runs, and its control plane does not listen.")
    context.say("\n" + welcome.block(found))


def _listens(location: Location) -> bool:
    """Whether the control plane takes connections, which it does once everything is loaded."""
    parts = urlsplit(location.control_plane_url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 80), timeout=ASK_SECONDS).close()
    except OSError:
        return False
    return True


def _address_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("server", metavar="SERVER", help="name, id or CRN")
    parser.add_argument("--url", action="store_true", help="with protocol and port, such as http://127.64.0.1:8169")


def _address(options: Options, context: Context) -> None:
    url: str = _facts_of_one(context, options["server"])[1]["metadata_url"]
    context.say(url if options["url"] else str(urlsplit(url).hostname))


def _env_arguments(parser: ArgumentParser) -> None:
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = (
        "Examples:\n"
        '  eval "$(baremint env)"                      an operator\'s shell\n'
        '  eval "$(baremint env web-1)"                a program\'s shell, on web-1\n'
        '  eval "$(baremint env --format terraform)"   then: terraform plan\n'
        "  baremint env web-1 --format dotenv > .env"
    )
    parser.add_argument("server", metavar="SERVER", nargs="?", help="name, id or CRN of a bare metal server")
    parser.add_argument(
        "--format", choices=sorted(sdk_environment.FORMATS), default="shell", help="how to print it (default shell)"
    )


def _env(options: Options, context: Context) -> None:
    server: dict[str, Any] | None
    wanted, region = options["server"], context.location.region
    if wanted:
        found, server = _facts_of_one(context, wanted)
    else:
        found, server = info.collect(context.location, _credentials(context), ()), None
    if options["format"] == "terraform":
        variables = sdk_environment.of_terraform(found, region=region, by_operator=server is None)
    elif server:
        variables = sdk_environment.of_program(found, server)
    else:
        variables = sdk_environment.of_operator(found) | sdk_environment.of_terraform(
            found, region=region, by_operator=True
        )
    context.say(sdk_environment.FORMATS[options["format"]](variables))


COMMANDS = {
    "info": Command(
        "Say where everything is: addresses, credentials, servers, and, while it runs, commands to paste.",
        _info_arguments,
        _info,
    ),
    "address": Command(
        "Print the loopback address of a server: where a program on it finds the metadata service.",
        _address_arguments,
        _address,
    ),
    "env": Command(
        "Print the environment that points IBM's SDKs and Terraform at this Baremint. Without SERVER it is an "
        "operator's, with the API key. With SERVER it is that of a program on the server, which has no key: its SDKs "
        "ask the server's own metadata service. For Terraform it then names endpoints and region; the token in "
        "IC_IAM_TOKEN has to be the server's.",
        _env_arguments,
        _env,
    ),
}
