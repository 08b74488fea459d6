"""``baremint info``, ``address`` and ``env``: addresses, credentials and environment variables."""

import json
import socket
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any
from urllib.parse import urlsplit

from controlplane.cli.arguments import argument, arguments, json_option
from controlplane.deployment import process_lock, run_file
from controlplane.deployment.command_line import command_hint
from controlplane.deployment.credentials import Credentials
from controlplane.deployment.location import Location
from controlplane.operations import info, sdk_environment, welcome
from controlplane.operations.commands.command import Command, CommandFailed, Context, Options

ASK_SECONDS = 1.0


def facts(context: Context, *, named: str = "") -> dict[str, Any]:
    """Return the data of ``info`` with all servers, or at least the first one of this name. Raises CommandFailed."""
    credentials = _credentials(context)
    return info.collect(
        context.location,
        credentials,
        context.source.servers(credentials.account_id, named=named),
        () if named else context.source.instances(credentials.account_id),
    )


def _credentials(context: Context) -> Credentials:
    if (credentials := context.source.credentials()) is None:
        raise CommandFailed(str(info.EmptyDataDirectory(context.location.home)))
    return credentials


def _facts_of_server(context: Context, identifier: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return ``facts`` and those of the server with this name, id or CRN. Raises CommandFailed."""
    deployment = facts(context, named=identifier)
    try:
        return deployment, info.find_server(deployment, identifier)
    except info.UnknownServer as error:
        raise CommandFailed(str(error)) from None


def _info(options: Options, context: Context) -> None:
    deployment = facts(context)
    if options["json"]:
        context.write(json.dumps(deployment, indent=2))
        return
    pid = process_lock.holder(context.location.home)
    if pid is None and context.source.runs:
        context.write(f"Baremint is up.\n\n{welcome.block(deployment)}")
        return
    if pid is None:
        context.write(f"Baremint is stopped. Start it: {command_hint('up')}\n\n{welcome.addresses(deployment)}")
        return
    if not run_file.settings_of(context.location.home):
        context.write(
            f"Process {pid} runs here but does not report its addresses, because another version started it. "
            f"Stop it, and start it again: {command_hint('down')}"
        )
        return
    if _listens(context.location):
        context.write(f"Baremint is up (process {pid}).")
    else:
        context.write(f"Baremint is starting or stopping: process {pid} runs, but its control plane does not listen.")
    context.write("\n" + welcome.block(deployment))


def _listens(location: Location) -> bool:
    """Return whether the control plane accepts connections, which it does once everything is loaded."""
    parts = urlsplit(location.control_plane_url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 80), timeout=ASK_SECONDS).close()
    except OSError:
        return False
    return True


def _address(options: Options, context: Context) -> None:
    url: str = _facts_of_server(context, options["server"])[1]["metadata_url"]
    context.write(url if options["url"] else str(urlsplit(url).hostname))


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
    identifier, region = options["server"], context.location.region
    if identifier:
        deployment, server = _facts_of_server(context, identifier)
    else:
        deployment, server = info.collect(context.location, _credentials(context), ()), None
    if options["format"] == "terraform":
        variables = sdk_environment.of_terraform(deployment, region=region, by_operator=server is None)
    elif server:
        variables = sdk_environment.of_program(deployment, server)
    else:
        variables = sdk_environment.of_operator(deployment) | sdk_environment.of_terraform(
            deployment, region=region, by_operator=True
        )
    context.write(sdk_environment.FORMATS[options["format"]](variables))


COMMANDS = {
    "info": Command(
        "Show addresses, credentials, servers and, while it runs, commands to paste.",
        json_option("for scripts: one JSON object"),
        _info,
    ),
    "address": Command(
        "Print the loopback address of a server, at which its programs reach the metadata service.",
        arguments(
            argument("server", metavar="SERVER", help="name, id or CRN"),
            argument("--url", action="store_true", help="with protocol and port, such as http://127.64.0.1:8169"),
        ),
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
