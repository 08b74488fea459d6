"""``baremint help``: every command there is, also those that Django runs."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from controlplane import installed
from controlplane.operations.commands.colours import red

CORE = "django.core"


def help_text(program: str) -> str:
    lines = ["", f"Type '{program} help <subcommand>' for help on a specific subcommand.", "", "Available subcommands:"]
    owners = {name: app for app in (CORE, *reversed(installed.APPS)) for name in _commands_of(app)}
    titles = {app: "django" if app == CORE else app.rpartition(".")[2] for app in owners.values()}
    for app in sorted(titles, key=titles.__getitem__):
        names = sorted(name for name, owner in owners.items() if owner == app)
        lines += ["", red(f"[{titles[app]}]", on=sys.stdout), *(f"    {name}" for name in names)]
    return "\n".join(lines)


def _commands_of(app: str) -> Iterator[str]:
    """The names of its modules of commands; nothing of it is imported."""
    package, *rest = app.split(".")
    spec = find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(root, *rest, "management", "commands").glob("[!_]*.py"):
            yield file.stem
