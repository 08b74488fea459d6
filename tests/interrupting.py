"""A process that is killed while it makes the tables of an empty database."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.live.product import ROOT, clean_environment

PROGRAM = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from controlplane.database.upgrade import bring_up_to_date

def unless_killed(execute, statement, *more):
    if sys.argv[1] in statement:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(statement, *more)

with connection.execute_wrapper(unless_killed):
    bring_up_to_date()
"""
STATEMENTS = ('CREATE TABLE "django_migrations"', "CREATE TRIGGER", 'INSERT INTO "auth_permission"')
"""Before which of its statements it is killed: with no table made, with all of them, and with some rows."""


def kill_before(statement: str, *, database_url: str, home: Path) -> None:
    """Start a process that prepares this database, and is killed before it executes a statement with this in it."""
    environment = {
        **clean_environment(),
        "DJANGO_SETTINGS_MODULE": "controlplane.settings",
        "DATABASE_URL": database_url,
        "BAREMINT_HOME": str(home),
    }
    command = [sys.executable, "-c", PROGRAM, statement]
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
