"""Command lines of Baremint, for the user's shell and for child processes."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALLED_IN = ("site-packages", "dist-packages")


_options: list[str] = []


def set_home_option(path: str) -> None:
    """Add ``--home`` with this data directory to all command hints, because the user's shell does not set it."""
    _options[:] = ["--home", shlex.quote(path)]


def python(*arguments: str) -> list[str]:
    """Return the command line of ``python -m ARGUMENTS``. It imports nothing from the current directory (``-P``).

    Run it with ``environment``.
    """
    return [sys.executable, "-P", "-m", *arguments]


def environment(of: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return an environment in which Python finds the modules of this process, also in a checkout."""
    if ROOT.name in INSTALLED_IN:
        return {**of}
    return {**of, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), of.get("PYTHONPATH")]))}


def command_hint(arguments: str) -> str:
    """Return ``baremint ARGUMENTS`` for printed instructions, with a path where the shell would not find the program.

    The text must work when the user pastes it, also after ``make up``.
    """
    arguments = " ".join([*_options, arguments])
    program = Path(sys.prefix) / "bin" / "baremint"
    on_path = shutil.which("baremint")
    if not program.exists():
        return f"python manage.py {arguments}"
    if on_path and Path(on_path).samefile(program):
        return f"baremint {arguments}"
    relative = os.path.relpath(program)
    return f"{program if relative.startswith('..') else relative} {arguments}"
