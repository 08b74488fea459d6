"""Settings that make no sense are refused by name, before anything starts."""

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from controlplane.env import Env
from tests.live.product import ROOT, clean_environment


def test_a_value_of_the_wrong_type_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAREMINT_PORT", "abc")

    with pytest.raises(ImproperlyConfigured, match="BAREMINT_PORT is 'abc', which is no value of type int"):
        Env().int("BAREMINT_PORT", default=8000)


def test_a_command_with_such_a_setting_ends_without_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "controlplane", "info"],
        env={**clean_environment(), "BAREMINT_HOME": "/dev/null/home"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Baremint cannot start with these settings:")
    assert "Traceback" not in done.stderr
