"""What this machine is asked for: labs of root and of an ordinary user."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.live.product import ROOT

AS_ORDINARY_USER = (sys.executable, str(Path(__file__).with_name("ordinary_user.py")))
TRIAL = """
from controlplane.lab import capabilities
try:
    capabilities.detect()
except capabilities.CannotIsolate as error:
    print(error)
"""


def run_through(*, rootless: bool) -> tuple[str, ...]:
    """What runs a command as the user in question."""
    return AS_ORDINARY_USER if rootless and os.geteuid() == 0 else ()


@cache
def why_no_lab(*, rootless: bool) -> str:
    """Why the machine keeps none for this user, and what would allow it; empty when it does. The product says so."""
    if not rootless and os.geteuid() != 0:
        return "A lab kept by root needs root."
    trial = [*run_through(rootless=rootless), sys.executable, "-c", TRIAL]
    process = subprocess.run(trial, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return (
        process.stdout.strip()
        if process.returncode == 0
        else f"Nothing can be tried as this user: {process.stderr.strip()}"
    )
