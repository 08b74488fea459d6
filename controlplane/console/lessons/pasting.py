"""What the commands of several lessons are made of."""

import os
import shlex
from pathlib import Path

from controlplane.console.access import SERVER
from controlplane.operations.program import paste
from identity.inside.views import RENAMED_IN

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
MAY_SWITCH = f"{SERVER}.update"
MAY_REVOKE = "is.bare-metal-server.certificate.update"
QUERY = f"version={RENAMED_IN}"
A_PORT = "PORT=$((20000 + $$ % 10000))"
"""A port that another learner on the same machine hardly has: it follows from the shell's process."""


def example(path: str) -> str:
    """A program of the checkout, as a shell started where Baremint runs finds it; where there is no checkout, as one
    that is started in a checkout does."""
    there = EXAMPLES / path
    near = os.path.relpath(there) if there.exists() else f"examples/{path}"
    return shlex.quote(str(there) if near.startswith("..") else near)


def switched(name: str, *, protocol: str = "") -> str:
    """Switches the metadata service of a server on, and to ``http`` or ``https`` if either is named. Says nothing.

    Lessons after the first need the service; whoever left it off need not look for the reason.
    """
    to = f" --metadata-service-protocol {protocol}" if protocol else ""
    return paste(f"is bare-metal-server-update {shlex.quote(name)} --metadata-service true{to} > /dev/null")


def address(name: str) -> str:
    """Expands to the address of a server's metadata service, as it is when the shell comes there."""
    return f"$({paste(f'address {shlex.quote(name)} --url')})"
