"""What the commands of several lessons are made of."""

import shlex
import sys
from pathlib import Path

from django.conf import settings

from controlplane.console.access import SERVER
from controlplane.console.lessons.lesson import Command, Lesson, Place
from controlplane.deployment.api_version import API_VERSION

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
MAY_SWITCH = f"{SERVER}.update"
MAY_REVOKE = "is.bare-metal-server.certificate.update"
QUERY = f"version={API_VERSION}"
A_PORT = "PORT=$((20000 + $$ % 10000))"
"""A port that another learner on the same machine hardly has: it follows from the shell's process."""


def opening(place: Place) -> Command:
    """The first command of every lesson. It is the only one that has to be understood by whatever shell the learner
    has, and works in every directory; the others are for the shell that it opens."""
    found_in = shlex.quote(str(Path(sys.executable).parent))
    return Command(
        "Open a shell for the lesson",
        f"env BAREMINT_HOME={shlex.quote(str(settings.HOME.path.absolute()))} BAREMINT_AGENT={place.mark} \\\n"
        f'  PATH={found_in}:"$PATH" sh',
        f"It finds baremint, and it gives your calls the name {place.mark}, by which the checks know them: those of "
        "others do not count. One such shell will do for all lessons; exit leaves it.",
    )


def anywhere(arguments: str) -> str:
    """A command of Baremint that needs no such shell, in any directory."""
    ours = Path(sys.executable).parent / "baremint"
    return f"{shlex.quote(str(ours))} --home {shlex.quote(str(settings.HOME.path.absolute()))} {arguments}"


def steps(lesson: Lesson, place: Place) -> list[Command]:
    """All that a learner pastes, in its order; nothing where the lesson lacks something."""
    commands = lesson.commands(place)
    return [opening(place), *commands] if commands else []


def example(path: str) -> str:
    """A program of the checkout, as a shell in any directory finds it; where there is no checkout, as one that is
    started in a checkout does."""
    there = EXAMPLES / path
    return shlex.quote(str(there) if there.exists() else f"examples/{path}")


def switched(name: str, *, protocol: str = "") -> str:
    """Switches the metadata service of a server on, and to ``http`` or ``https`` if either is named. Says nothing.

    Lessons after the first need the service; whoever left it off need not look for the reason.
    """
    to = f" --metadata-service-protocol {protocol}" if protocol else ""
    return f"baremint is bare-metal-server-update {shlex.quote(name)} --metadata-service true{to} > /dev/null"


def address(name: str) -> str:
    """Expands to the address of a server's metadata service, as it is when the shell comes there."""
    return f"$(baremint address {shlex.quote(name)} --url)"
