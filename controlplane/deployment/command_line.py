"""How our commands are started: by a person, in the shell they have, and by ourselves."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALLED_IN = ("site-packages", "dist-packages")


_options: list[str] = []


def name_home(path: str) -> None:
    """Have printed next steps name this data directory: the person's shell does not."""
    _options[:] = ["--home", shlex.quote(path)]


def python(*arguments: str) -> list[str]:
    """The command line of ``python -m ARGUMENTS``, which imports nothing from the folder that it is started in. To be
    run with ``environment``."""
    return [sys.executable, "-P", "-m", *arguments]


def environment(of: Mapping[str, str] = os.environ) -> dict[str, str]:
    """An environment in which our modules are those that this process has, also out of a checkout."""
    if ROOT.name in INSTALLED_IN:
        return {**of}
    return {**of, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), of.get("PYTHONPATH")]))}


def paste(arguments: str) -> str:
    """A printed next step, which must work when pasted: ``baremint ARGUMENTS``, with the path to it where the shell
    would not find it, as after ``make up``."""
    arguments = " ".join([*_options, arguments])
    ours = Path(sys.prefix) / "bin" / "baremint"
    found = shutil.which("baremint")
    if not ours.exists():
        return f"python manage.py {arguments}"
    if found and Path(found).samefile(ours):
        return f"baremint {arguments}"
    near = os.path.relpath(ours)
    return f"{ours if near.startswith('..') else near} {arguments}"
