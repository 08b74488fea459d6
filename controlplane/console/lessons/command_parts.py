"""Parts of commands that several lessons share."""

import shlex
import sys
from pathlib import Path

from django.conf import settings

from controlplane.console.access import SERVER
from controlplane.console.lessons.lesson import Command, Lesson, LessonRun
from controlplane.deployment.api_version import API_VERSION

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
MAY_SWITCH = f"{SERVER}.update"
MAY_REVOKE = "is.bare-metal-server.certificate.update"
QUERY = f"version={API_VERSION}"
CHOOSE_PORT = "PORT=$((20000 + $$ % 10000))"
"""Derives a port from the shell's process id, so that learners on the same machine rarely share one."""


def open_shell(run: LessonRun) -> Command:
    """The first command of every lesson. It works in any shell and any directory; the other commands are for the shell
    that it opens."""
    bin_directory = shlex.quote(str(Path(sys.executable).parent))
    return Command(
        "Open a shell for the lesson",
        f"env BAREMINT_HOME={shlex.quote(str(settings.HOME.path.absolute()))} BAREMINT_AGENT={run.mark} \\\n"
        f'  PATH={bin_directory}:"$PATH" sh',
        f"It finds baremint, and it gives your calls the name {run.mark}, by which the checks know them: those of "
        "others do not count. One such shell will do for all lessons; exit leaves it.",
    )


def absolute_command(arguments: str) -> str:
    """A command of Baremint that works without that shell, in any directory."""
    program = Path(sys.executable).parent / "baremint"
    return f"{shlex.quote(str(program))} --home {shlex.quote(str(settings.HOME.path.absolute()))} {arguments}"


def steps(lesson: Lesson, run: LessonRun) -> list[Command]:
    """All commands of a lesson, in their order; empty when it cannot be done, such as without a second server."""
    commands = lesson.commands(run)
    return [open_shell(run), *commands] if commands else []


def example_path(path: str) -> str:
    """The path of a program in the checkout, as a word of the shell: absolute when there is a checkout, otherwise
    relative to one."""
    there = EXAMPLES / path
    return shlex.quote(str(there) if there.exists() else f"examples/{path}")


def switch_on(name: str, *, protocol: str = "") -> str:
    """A silent command that switches the metadata service of a server on, and to ``http`` or ``https`` if given.

    Lessons after the first begin with it, so that they work for a learner who left the service off.
    """
    to = f" --metadata-service-protocol {protocol}" if protocol else ""
    return f"baremint is bare-metal-server-update {shlex.quote(name)} --metadata-service true{to} > /dev/null"


def address(name: str) -> str:
    """A shell expansion: the present URL of a server's metadata service."""
    return f"$(baremint address {shlex.quote(name)} --url)"
