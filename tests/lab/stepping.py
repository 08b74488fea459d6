"""Stepping into servers of the lab, as a person would: with ``baremint enter``."""

import json
import os
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import pytest

from controlplane.deployment import process_lock
from controlplane.deployment.home import Home
from controlplane.lab import state
from tests.live.operator import NEW, eventually
from tests.live.product import ROOT, Product

SECONDS = 60
PYTHON = "python3"
TOKEN = f"http://169.254.169.254/identity/v1/token?version={NEW}"

# What every program inside may use. ask() returns a status and what was said, or None and why there is no answer.
PRELUDE = """
import json, os, socket, struct, subprocess, sys, time
import urllib.request, urllib.error

TOKEN = "{token}"

def ask(url=TOKEN, method="PUT", body=None, timeout=3, **headers):
    headers = {{"Metadata-Flavor": "ibm", **{{name.replace("_", "-"): value for name, value in headers.items()}}}}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError as error:
        return None, str(error)

def code(answer):
    status, said = answer
    return [status, said["errors"][0]["code"] if status and status >= 400 else "" if status else "no answer"]

def run(*command):
    subprocess.run(command, check=True, capture_output=True)

def say(value):
    print(json.dumps(value), flush=True)
"""


class Lab:
    def __init__(self, product: Product) -> None:
        self.product = product

    @property
    def is_up(self) -> bool:
        return process_lock.holder(Home(self.product.home), state.LOCK) is not None

    def entering(self, server: str, *command: str) -> list[str]:
        return self.product.command("enter", server, "--", *command)

    def attempt(self, server: str, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.entering(server, *command),
            input=stdin,
            env=self.product.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def run(self, server: str, *command: str, stdin: str = "") -> str:
        """What a command prints in a server; it must succeed."""
        process = self.attempt(server, *command, stdin=stdin)
        assert process.returncode == 0, f"{command}: {process.returncode}\n{process.stdout}\n{process.stderr}"
        return process.stdout

    def program(self, server: str, text: str) -> Any:
        """What a Python program says in a server: the JSON of its last line."""
        return json.loads(self.run(server, PYTHON, "-", stdin=whole(text)).splitlines()[-1])

    @contextmanager
    def running(self, server: str, text: str) -> Iterator[subprocess.Popen[str]]:
        """A Python program in a server while something else is done."""
        with subprocess.Popen(
            self.entering(server, PYTHON, "-c", whole(text)),
            env=self.product.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ) as program:
            try:
                yield program
            finally:
                program.terminate()

    def status(self) -> dict[str, Any]:
        entries: dict[str, Any] = json.loads(self.product.run("lab", "status", "--json"))
        return entries

    def entry(self, server: str) -> dict[str, Any] | None:
        """A server of the lab by name or id, as ``status`` tells it; read at its source, for this is asked often."""
        with as_owner_of(self.product.home):
            lab_state = state.running(Home(self.product.home))
        servers = lab_state.servers if lab_state else []
        return next((asdict(each) for each in servers if server in (each.id, each.name)), None)

    def await_server(self, server: str) -> dict[str, Any]:
        entry: dict[str, Any] = eventually(lambda: self.entry(server))
        return entry


@contextmanager
def as_owner_of(folder: Path) -> Iterator[None]:
    """As the user whose it is; no other user reads a data directory."""
    user = os.geteuid()
    os.seteuid(folder.stat().st_uid)
    try:
        yield
    finally:
        os.seteuid(user)


def whole(text: str) -> str:
    return PRELUDE.format(token=TOKEN) + textwrap.dedent(text)


def cannot_try(reason: str) -> NoReturn:
    """Skip; where everything has to be tried, end the run, once and with the reason."""
    if os.environ.get("CI"):
        pytest.exit(f"The lab cannot be tried here, and CI must.\n{reason}", returncode=1)
    pytest.skip(reason)


def require(*tools: str) -> None:
    if missing := [tool for tool in tools if shutil.which(tool) is None]:
        cannot_try(f"{' and '.join(missing)} not installed")
