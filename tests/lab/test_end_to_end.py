"""The promise of the lab: a program that knows nothing runs on a server, and IBM's SDK does the rest."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.conftest import NewLab
from tests.lab.stepping import Lab
from tests.live.ready_made import STARTED

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]

PROGRAM = str(Path(__file__).with_name("programs") / "end_to_end.py")


def test_a_program_without_configuration_lists_servers_with_ibms_sdk(lab: Lab) -> None:
    """Server, identity token, trusted profile, IAM token, policy, VPC API: the SDK is told nothing but the version."""
    report = json.loads(lab.run("web-1", sys.executable, PROGRAM))
    assert report["configured"] == []
    assert report["url"] == "https://us-south.iaas.cloud.ibm.com/v1"
    assert {"web-1", "web-2", "db-1"} <= set(report["servers"])


@pytest.mark.postgres
def test_a_program_without_configuration_lists_servers_on_postgresql(
    new_lab: NewLab, new_postgresql_database: Callable[..., str]
) -> None:
    lab = new_lab(rootless=os.geteuid() != 0, DATABASE_URL=new_postgresql_database(copy_of=STARTED))
    lab.product.start("--lab")
    report = json.loads(lab.run("web-1", sys.executable, PROGRAM))
    assert {"web-1", "web-2", "db-1"} <= set(report["servers"])


def test_a_server_without_a_default_trusted_profile_is_told_so(lab: Lab) -> None:
    process = lab.attempt("web-2", sys.executable, PROGRAM)
    assert process.returncode == 1
    assert "trusted_profile" in process.stderr


def test_with_the_old_paths_allowed_not_even_the_version_needs_to_be_said(new_lab: NewLab) -> None:
    lab = new_lab(rootless=True, BAREMINT_INSTANCE_IDENTITY="allow")
    lab.product.start("--lab")
    report = json.loads(lab.run("web-1", sys.executable, PROGRAM, "default"))
    assert {"web-1", "web-2", "db-1"} <= set(report["servers"])
