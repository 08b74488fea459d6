"""``baremint help``: our commands, by what one wants; Django's own are listed by ``python manage.py help``."""

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
        "lab": "Put every server into kernel namespaces of its own, or take them away.",
        "enter": "Open a shell, or run a command, inside a server of the lab.",
    },
    "Look": {
        "info": "Show addresses, credentials, servers and commands to paste.",
        "address": "Print the loopback address of a server.",
        "env": "Print the environment that points SDKs and Terraform here.",
        "token": "Print an IAM access token of the API key.",
        "explain": "Say why something is allowed or not, and what would change it.",
        "jobs": "Show what works in the background, and what is due next.",
        "keys": "Show every key and certificate authority, and what becomes of it.",
        "certificates": "Show the identity certificates of a server.",
        "permissions": "Show which operation needs which action.",
    },
    "Change": {
        "is": "Use the VPC API in the words of IBM's command line.",
        "clock": "Show or move the time of tokens, keys, certificates and servers.",
        "rotate": "Hand over to the next key, or encrypt all under another KEK.",
        "certificate-rotation": "Switch the renewal of a server's certificates on or off.",
        "revoke": "Revoke a certificate of a server.",
        "person": "Let a person sign in, or change a person's role.",
        "changepassword": "Set the password of a person.",
    },
    "Keep": {
        "backup": "Write everything into one file.",
        "restore": "Fill an empty data directory from such a file.",
        "migrate": "Bring the database to this version's state.",
        "bootstrap": "Make what a fresh database lacks: keys, account, demo world.",
    },
    "Run the services one by one": {
        "serve_controlplane": "Serve console and REST APIs.",
        "serve_metadata": "Serve the metadata service.",
        "serve_metadata_tls": "Serve the metadata service over TLS.",
    },
    "Measure": {"bench": "Measure the product on this machine."},
}
OURS = frozenset(name for commands in GROUPS.values() for name in commands)
UNLISTED = frozenset({"serve_lab"})
"""For our own use."""
MEANT = {
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
"""What people type who do not know our words."""


def help_text(program: str) -> str:
    width = max(map(len, OURS)) + 2
    lines = [
        f"Baremint {__version__}, a simulator of IBM Cloud VPC bare metal servers and their metadata service",
        "",
        f"usage: {program} [--home DIRECTORY] COMMAND ...",
    ]
    for title, commands in GROUPS.items():
        lines += ["", red(title, on=sys.stdout), *(f"  {name:<{width}}{says}" for name, says in commands.items())]
    return "\n".join([*lines, "", f"Help on a command: {program} help COMMAND"])


def is_known(name: str) -> bool:
    """Whether there is a command of this name, ours or Django's."""
    return name in OURS | UNLISTED or any(name in _commands_of(app) for app in ("django.core", *installed.APPS))


def unknown(name: str, program: str) -> str:
    """What to say of a command that is none."""
    meant = [MEANT[name]] if name in MEANT else difflib.get_close_matches(name, OURS, n=2)
    hint = f" Did you mean: {' or '.join(f'{program} {each}' for each in meant)}" if meant else ""
    return f"There is no command {name}.{hint or f' See which there are: {program} help'}"


def _commands_of(app: str) -> Iterator[str]:
    """The names of its modules of commands; nothing of it is imported."""
    package, *rest = app.split(".")
    spec = find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(root, *rest, "management", "commands").glob("[!_]*.py"):
            yield file.stem
