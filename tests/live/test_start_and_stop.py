"""Starting, stopping, killing: nothing is lost, nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live.conftest import NewProduct
from tests.live.product import ROOT, Product

pytestmark = pytest.mark.live

APIKEY = "urn:ibm:params:oauth:grant-type:apikey"
VERSION = {"version": "2025-08-26", "generation": "2"}


def state_of(product: Product) -> dict[str, Any]:
    """What a client can see of everything that must be kept."""
    info = product.read_info()
    form = {"grant_type": APIKEY, "apikey": info["api_key"]}
    token = requests.post(f"{info['iam_url']}/identity/token", data=form, timeout=10).json()["access_token"]
    servers = requests.get(
        f"{info['vpc_url']}/bare_metal_servers",
        params=VERSION,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    ).json()
    keys = requests.get(f"{info['iam_url']}/identity/keys", timeout=10).json()
    root = Path(info["ca_bundle"]).read_text()
    return {"info": info, "servers": servers, "kids": [key["kid"] for key in keys["keys"]], "root": root}


def test_a_second_start_finds_everything_as_it_was_left(restartable: Product) -> None:
    restartable.start()
    before = state_of(restartable)

    restartable.stop()
    restartable.start()

    assert state_of(restartable) == before
    restartable.stop()


def test_a_start_after_kill_9_of_every_process_finds_everything_as_it_was(restartable: Product) -> None:
    restartable.start()
    before = state_of(restartable)

    restartable.kill_everything()
    restartable.start()

    assert state_of(restartable) == before
    restartable.stop()


def test_kill_9_of_the_supervisor_leaves_nothing_running(new_product: NewProduct) -> None:
    product = new_product()
    product.start()

    os.kill(int((product.home / "supervisor.lock").read_text()), signal.SIGKILL)

    assert product.is_gone()


def test_a_killed_process_is_started_again(new_product: NewProduct) -> None:
    product = new_product()
    product.start()
    supervisor = int((product.home / "supervisor.lock").read_text())
    children = {pid for pid in product.processes() if parent_of(pid) == supervisor}

    for pid in children:
        os.kill(pid, signal.SIGKILL)

    url = f"{product.info['control_plane_url']}/readyz"
    retries = requests.adapters.Retry(total=8, backoff_factor=0.3, status_forcelist=[503])
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
        assert session.get(url, timeout=10).status_code == 200
    product.stop()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_down_stops_every_process(new_product: NewProduct) -> None:
    product = new_product()
    product.start()

    said = product.stop()

    assert "Stopped." in said
    assert product.is_gone(seconds=0)


def test_down_says_so_when_nothing_runs(new_product: NewProduct) -> None:
    product = new_product()

    assert f"Nothing runs in {product.home}" in product.stop()


def test_info_before_the_first_start_says_what_to_do(new_product: NewProduct) -> None:
    done = new_product().attempt("info")

    assert done.returncode == 1
    assert "baremint up" in done.stderr


def test_ctrl_c_stops_everything_and_is_no_failure(new_product: NewProduct) -> None:
    product = new_product()
    with subprocess.Popen(
        product.command("up"), env=product.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as up:
        assert up.stdout is not None
        assert any("Baremint is up" in line for line in up.stdout)
        up.send_signal(signal.SIGINT)
        rest = up.stdout.read()

    assert up.returncode == 0
    assert rest.rstrip().endswith("Baremint is stopped.")
    assert product.is_gone(seconds=0)


@pytest.mark.parametrize("setting", ["BAREMINT_PORT", "BAREMINT_METADATA_PORT"])
@pytest.mark.parametrize("detach", [[], ["--detach"]], ids=["foreground", "background"])
def test_a_taken_port_is_named_and_nothing_is_left_running(
    new_product: NewProduct, setting: str, detach: list[str]
) -> None:
    product = new_product()
    port = int(product.environment[setting])
    with socket.create_server(("127.0.0.1", port)):
        done = product.attempt("up", *detach)

    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert f"{setting}=" in done.stderr
    assert product.is_gone(seconds=0)


def test_a_database_out_of_reach_is_named_and_nothing_is_left_running(new_product: NewProduct) -> None:
    product = new_product(database_url="postgresql://nobody@127.0.0.1:1/nothing")

    done = product.attempt("up", "--detach")

    assert done.returncode == 1
    assert "The database cannot be used (DATABASE_URL)" in done.stderr
    assert "Traceback" not in done.stderr
    assert product.is_gone()


def test_a_broker_out_of_reach_is_named(new_product: NewProduct) -> None:
    product = new_product(settings={"REDIS_URL": "redis://127.0.0.1:1/0"})

    done = product.attempt("up", "--detach")

    assert done.returncode == 1
    assert "The broker at REDIS_URL does not answer" in done.stderr


def test_no_privilege_is_needed(new_product: NewProduct) -> None:
    """In a user namespace of its own even root is nobody: no capability is left."""
    product = new_product(run_through=("unshare", "--user") if os.geteuid() == 0 else ())
    product.start()

    token = requests.put(
        f"{product.server('web-1')['metadata_url']}/identity/v1/token",
        params={"version": "2025-08-26"},
        headers={"Metadata-Flavor": "ibm"},
        timeout=10,
    )

    assert token.status_code == 200, json.dumps(token.json())
    product.stop()
