"""A start from nothing: what it makes, as whom, and how it ends. Other tests begin with a copy of what it made."""

import os
import signal
import subprocess

import pytest
import requests

from tests.live.product import DIES_WITH_US, ROOT
from tests.live.ready_made import POSTGRESQL, SQLITE, NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]


@pytest.mark.parametrize("database", [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)])
def test_without_any_privilege_it_serves_a_server_until_ctrl_c(new_product: NewProduct, database: str) -> None:
    """In a user namespace of its own even root is an ordinary user: no capability is left."""
    unprivileged = ("unshare", "--user") if os.geteuid() == 0 else ()
    product = new_product(empty=True, database=database, run_through=unprivileged)
    command = product.command("up")
    with subprocess.Popen(
        [*DIES_WITH_US, *command], env=product.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as up:
        assert up.stdout is not None
        assert any("Baremint is up" in line for line in up.stdout)
        token = requests.put(
            f"{product.server('web-1')['metadata_url']}/identity/v1/token",
            params={"version": "2025-08-26"},
            headers={"Metadata-Flavor": "ibm"},
            timeout=10,
        )
        up.send_signal(signal.SIGINT)
        rest = up.stdout.read()

    assert token.status_code == 200, token.text
    assert up.returncode == 0
    assert rest.rstrip().endswith("Baremint is stopped.")
    assert product.is_gone(seconds=0)
