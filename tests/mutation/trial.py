"""One trial: a process forked off a warm one imports one mutant from memory and runs the tests of its file.

No mutant is ever written to a file.
"""

import json
import os
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from coverage import Coverage

from controlplane.runtime.supervisor.process_control import die_with

TEMPLATE = Path(tempfile.gettempdir()) / "template.sqlite3"
"""A database on which all migrations have run; each trial starts from a copy in its memory."""
MOST_MEMORY = 4 * 2**30
PYTEST = "-x -q --tb=line --rootdir=. --import-mode=importlib -p no:cacheprovider --disable-plugin-autoload"
WITHOUT_DJANGO = "-c /dev/null --noconftest -W error"
WITH_DJANGO = "-p pytest_django.plugin"


class Loader(SourceFileLoader):
    """Runs ``source`` in place of the file, past the cache of compiled files."""

    source = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec")


def module_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


class Finder(MetaPathFinder):
    def __init__(self, path: str, source: str) -> None:
        self.name, self.path, self.source = module_of(path), str(Path(path).absolute()), source

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        loader = Loader(fullname, self.path)
        loader.source = self.source
        return spec_from_file_location(fullname, self.path, loader=loader)


class Migrated:
    """The pytest plugin that sets the database up from the template."""

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(Copying())  # after pytest-django, so that this fixture replaces its one


class Copying:
    @pytest.fixture(scope="session")
    @classmethod
    def django_db_setup(cls, django_db_blocker: Any) -> None:
        from django.db import connection

        with django_db_blocker.unblock():
            connection.close()
            connection.settings_dict["NAME"] = connection.creation._get_test_db_name()  # in memory
            connection.ensure_connection()
            sqlite3.connect(TEMPLATE).backup(connection.connection)


@dataclass
class Trial:
    """A trial that runs. ``cpu`` is its limit in seconds of CPU time; 30 times that by the clock end it too."""

    pid: int
    folder: Path
    begun: float
    cpu: int

    def outcome(self) -> str | None:
        """``killed``, ``survived`` or ``timed out``; None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid and time.monotonic() - self.begun < 30 * self.cpu:
            return None
        if not pid:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        shutil.rmtree(self.folder, ignore_errors=True)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
            return "timed out"
        return "killed" if status else "survived"


def begin(path: str, source: str | None, tests: list[str], *, django: bool, cpu: int) -> Trial:
    """Fork a trial; ``source`` is None for the file as it is."""
    folder = Path(tempfile.mkdtemp(prefix="trial-"))
    parent, start = os.getpid(), time.monotonic()
    pid = os.fork()
    if pid:
        return Trial(pid, folder, start, cpu)
    status = 1
    try:
        die_with(parent)()
        _confine(folder, cpu)
        if source is not None:
            sys.meta_path.insert(0, Finder(path, source))
        status = run_tests(tests, django=django)
    finally:
        sys.stdout.flush()
        os._exit(status)


def _confine(folder: Path, cpu: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
    for number in (1, 2):
        os.dup2(log, number)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def run_tests(tests: list[str], *, django: bool) -> int:
    options = [*PYTEST.split(), *(WITH_DJANGO if django else WITHOUT_DJANGO).split()]
    return int(pytest.main([*options, *tests], plugins=[Migrated()] if django else []))


def measure(path: str, tests: list[str], *, django: bool) -> dict[str, Any]:
    """Run the tests of a file as it is, in a process of its own. Returns whether they ``pass``, their ``log``, the
    ``cpu`` seconds that they take, and the ``lines`` of the file that they run."""
    file, folder = str(Path(path).absolute()), Path(tempfile.mkdtemp(prefix="trial-"))

    def run() -> dict[str, Any]:
        _confine(folder, 3600)
        coverage = Coverage(data_file=None, include=[file])
        with coverage.collect():
            status = run_tests(tests, django=django)
        return {"pass": status == 0, "cpu": time.process_time(), "lines": coverage.get_data().lines(file) or []}

    outcome = _apart(run)
    log = (folder / "log").read_text()
    shutil.rmtree(folder)
    return {"pass": False, **(outcome or {}), "log": log}


def make_template() -> None:
    """Migrate a database, once."""

    def run() -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django
        from django.db import connection

        django.setup()
        connection.creation.create_test_db(verbosity=0)
        connection.connection.backup(sqlite3.connect(TEMPLATE))

    if not TEMPLATE.exists():
        _apart(run)


def _apart(run: Callable[[], Any]) -> Any:
    """What a function returns in a process of its own, as JSON; None when it raises."""
    reader, writer = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if not pid:
        try:
            die_with(parent)()
            os.write(writer, json.dumps(run()).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else None
