"""What the shell has set changes no test: each begins in the same environment (tests/environment.py)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.environment import GIVEN_PROXIES
from tests.live.product import ROOT
from tests.weather import WEATHER

SHOW = """
import json, locale, os, signal, sys, time
import tests.environment
home = os.environ.pop("BAREMINT_HOME")
print(json.dumps({
    "variables": dict(os.environ), "home": home, "encoding": locale.getencoding(), "zone": time.tzname,
    "umask": os.umask(0), "warnings": sys.warnoptions, "compiles once": not sys.dont_write_bytecode,
    "ignored": [n for n in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(n) == signal.SIG_IGN],
    "proxies": tests.environment.GIVEN_PROXIES,
}))
"""
CALM = {"PATH": os.environ["PATH"], "HOME": "/home/you", "BAREMINT_CHROMIUM": "/opt/chromium"}


def seen(variables: dict[str, str], umask: int) -> dict[str, Any]:
    """What a process of the tests sees when it was started so."""
    command = ["env", "--ignore-signal=INT,HUP", sys.executable, "-c", SHOW]  # in the background
    process = subprocess.run(command, env=variables, umask=umask, cwd=ROOT, capture_output=True, text=True, check=True)
    outcomes: dict[str, Any] = json.loads(process.stdout)
    return outcomes


@pytest.mark.parametrize("umask", [0o000, 0o077], ids=["000", "077"])
def test_the_environment_is_the_same_in_any_weather(umask: int) -> None:
    calm, stormy = seen(CALM, 0o022), seen({**CALM, **WEATHER}, umask)
    del calm["home"], stormy["home"], calm["proxies"], stormy["proxies"]
    assert stormy == calm
    assert calm["ignored"] == []
    assert calm["variables"] == {**CALM, "LANG": "C.UTF-8", "TZ": "UTC", "BAREMINT_PROVISION_SECONDS": "0"}


def test_the_data_directory_is_new_and_goes_with_the_process() -> None:
    first, second = seen(CALM, 0o022)["home"], seen({**CALM, "BAREMINT_HOME": "/home/you/.baremint"}, 0o022)["home"]
    assert len({first, second, "/home/you/.baremint"}) == 3
    assert [Path(home).exists() for home in (first, second)] == [False, False]


def test_what_must_be_fetched_is_still_fetched_through_a_proxy() -> None:
    assert seen({**CALM, "HTTPS_PROXY": "http://proxy.example"}, 0o022)["proxies"] == {
        "HTTPS_PROXY": "http://proxy.example"
    }
    assert not GIVEN_PROXIES.keys() & os.environ.keys()
