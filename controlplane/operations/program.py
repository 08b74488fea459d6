"""How a person can type our commands in the shell they have: a printed next step must work when pasted."""

import os
import shutil
import sys
from pathlib import Path


def paste(arguments: str) -> str:
    """``baremint ARGUMENTS``, with the path to it where the shell would not find it, as after ``make up``."""
    ours = Path(sys.prefix) / "bin" / "baremint"
    found = shutil.which("baremint")
    if not ours.exists():
        return f"python manage.py {arguments}"
    if found and Path(found).samefile(ours):
        return f"baremint {arguments}"
    near = os.path.relpath(ours)
    return f"{ours if near.startswith('..') else near} {arguments}"
