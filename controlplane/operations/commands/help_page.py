"""``baremint help``: Baremint's commands by purpose. ``python manage.py help`` lists Django's too."""

import difflib
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from controlplane import __version__, installed
from controlplane.operations.commands.colours import red

GROUPS: dict[str, dict[str, str]] = {
    "Start and stop": {
        "up": "Start everything; with --detach, in the background.",
        "down": "Stop it.",
        "lab": "Run every server as a set of kernel namespaces, or end that.",
        "enter": "Open a shell, or run a command, inside a server of the lab.",
    },
    "Look": {
        "info": "Show addresses, credentials, servers and commands to paste.",
        "address": "Print the loopback address of a server.",
        "env": "Print the environment that points SDKs and Terraform here.",
        "token": "Print an IAM access token of the API key.",
        "explain": "Say why something is allowed or not, and what would change it.",
        "jobs": "Show the background jobs, and when they are due next.",
        "keys": "Show every key and certificate authority, and its next state.",
        "certificates": "Show the identity certificates of a server.",
        "permissions": "Show which operation needs which action.",
    },
    "Change": {
        "is": "Use the VPC API with the commands of IBM's command line.",
        "clock": "Show or move the time of tokens, keys, certificates and servers.",
        "rotate": "Rotate to the next key, or encrypt all keys under another KEK.",
        "certificate-rotation": "Switch the renewal of a server's certificates on or off.",
        "revoke": "Revoke a certificate of a server.",
        "admit": "Admit every address again to an instance of Key Protect.",
        "person": "Let a person sign in, or change a person's role.",
        "changepassword": "Set the password of a person.",
    },
    "Keep": {
        "backup": "Write everything into one file.",
        "restore": "Fill an empty data directory from such a file.",
        "migrate": "Migrate the database to this version.",
        "bootstrap": "Create what a new database lacks: keys, account, demo world.",
    },
    "Run the services one by one": {
        "serve_controlplane": "Serve console and REST APIs.",
        "serve_metadata": "Serve the metadata service.",
        "serve_metadata_tls": "Serve the metadata service over TLS.",
    },
    "Measure": {"bench": "Measure the product on this machine."},
}
COMMANDS_OF_BAREMINT = frozenset(name for commands in GROUPS.values() for name in commands)
INTERNAL_COMMANDS = frozenset({"serve_lab"})
"""Commands that other commands start."""
SUGGESTIONS = {
    "servers": "is bare-metal-servers",
    "server": "is bare-metal-server",
    "list": "is bare-metal-servers",
    "create": "is bare-metal-server-create",
    "start": "up",
    "run": "up",
    "serve": "up",
    "runserver": "up",
    "stop": "down",
    "status": "info",
    "ps": "info",
    "health": "info",
    "login": "token",
    "time": "clock",
    "user": "person",
    "users": "person",
    "shell": "enter",
    "ssh": "enter",
}
"""The commands that users of other tools probably mean."""


def help_text(program: str) -> str:
    width = max(map(len, COMMANDS_OF_BAREMINT)) + 2
    lines = [
        f"Baremint {__version__}, a simulator of IBM Cloud VPC bare metal servers and their metadata service",
        "",
        f"usage: {program} [--home DIRECTORY] COMMAND ...",
    ]
    for title, commands in GROUPS.items():
        lines += ["", red(title, on=sys.stdout), *(f"  {name:<{width}}{says}" for name, says in commands.items())]
    return "\n".join([*lines, "", f"Help on a command: {program} help COMMAND"])


def is_known(name: str) -> bool:
    """Return whether Baremint or Django has a command of this name."""
    return name in COMMANDS_OF_BAREMINT | INTERNAL_COMMANDS or any(
        name in _commands_of(app) for app in ("django.core", *installed.APPS)
    )


def unknown(name: str, program: str) -> str:
    """Return the error message for an unknown command."""
    suggestions = (
        [SUGGESTIONS[name]] if name in SUGGESTIONS else difflib.get_close_matches(name, COMMANDS_OF_BAREMINT, n=2)
    )
    hint = f" Did you mean: {' or '.join(f'{program} {each}' for each in suggestions)}" if suggestions else ""
    return f"There is no command {name}.{hint or f' List them with: {program} help'}"


def _commands_of(app: str) -> Iterator[str]:
    """Return the names of an app's management commands without importing it."""
    package, *subpackages = app.split(".")
    spec = find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(root, *subpackages, "management", "commands").glob("[!_]*.py"):
            yield file.stem
