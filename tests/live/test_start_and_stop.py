"""Starting, stopping, killing: nothing is lost, nothing is left behind."""

import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from controlplane.deployment.home import DATABASE_FILE, SOCKET_FOLDERS
from controlplane.deployment.owned_folder import owned_folder
from tests.live.operator import Operator, eventually
from tests.live.product import ROOT, Product
from tests.live.ready_made import NewProduct
from tests.process_tree import parent

pytestmark = [pytest.mark.live, pytest.mark.e2e]

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


def test_a_second_start_finds_everything_as_it_was_left(product: Product) -> None:
    before = state_of(product)

    product.stop()
    product.start()

    assert state_of(product) == before


def test_a_start_after_kill_9_of_every_process_finds_everything_as_it_was(product: Product) -> None:
    before = state_of(product)

    product.kill_everything()
    product.start()

    assert state_of(product) == before


@pytest.fixture(scope="module")
def disposable(new_product: NewProduct) -> Product:
    """A product to maltreat; each test starts it if it does not run."""
    return new_product()


def test_killed_processes_are_started_again(disposable: Product) -> None:
    disposable.start()
    children = {pid for pid in disposable.processes() if parent(pid) == disposable.supervisor}

    for pid in children:
        os.kill(pid, signal.SIGKILL)

    url = f"{disposable.info['control_plane_url']}/readyz"
    retries = requests.adapters.Retry(total=8, backoff_factor=0.3, status_forcelist=[503])
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
        assert session.get(url, timeout=10).status_code == 200


def test_a_worker_that_is_killed_in_the_middle_leaves_no_server_stuck(new_product: NewProduct) -> None:
    """The next step stands in the database; the tick takes up what a dead worker left."""
    product = new_product(settings={"BAREMINT_PROVISION_SECONDS": "3"})
    product.start()
    operator = Operator(product.info)
    server = operator.vpc.create_bare_metal_server(operator.prototype()).get_result()
    for pid in product.named("worker"):
        os.kill(pid, signal.SIGKILL)
    assert operator.await_status(server["id"], "running")["lifecycle_state"] == "stable"


def test_kill_9_of_the_supervisor_leaves_nothing_running(disposable: Product) -> None:
    if disposable.supervisor is None:
        disposable.start()
    assert disposable.supervisor

    os.kill(disposable.supervisor, signal.SIGKILL)

    assert disposable.is_gone()


def test_what_is_under_way_when_everything_stops_is_answered(new_product: NewProduct) -> None:
    """A move of the clock is in the database half a second before it is answered."""
    product = new_product()
    product.start()
    assert product.supervisor
    url, bearer = product.info["control_plane_url"], product.run("token").strip()

    def move() -> int:
        headers = {"Authorization": f"Bearer {bearer}"}
        return requests.put(
            f"{url}/_baremint/clock", json={"advance_seconds": 1}, headers=headers, timeout=30
        ).status_code

    def moves() -> list[int]:
        with closing(sqlite3.connect(f"file:{product.home / DATABASE_FILE}?mode=ro", uri=True, timeout=20)) as database:
            return [revision for (revision,) in database.execute("SELECT revision FROM timekeeping_clocksetting")]

    before = moves()
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(move)
        eventually(lambda: moves() != before, every=0.01)
        os.kill(product.supervisor, signal.SIGTERM)
        assert moving.result() == 200
    assert product.is_gone(seconds=10)


def test_a_caller_that_ignores_its_children_and_blocks_sigterm_makes_no_difference(new_product: NewProduct) -> None:
    def as_some_programs_do() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])

    product = new_product()
    command = product.command("up", "--detach", "--stop-with", str(os.getpid()))
    started = subprocess.run(
        command,
        env=product.environment,
        cwd=ROOT,
        capture_output=True,
        timeout=90,
        check=False,
        preexec_fn=as_some_programs_do,
    )
    assert started.returncode == 0
    [worker] = product.named("worker")
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: product.named("worker") not in ([], [worker]))
    assert "Stopped." in product.stop()
    assert product.is_gone(seconds=0)


def test_down_stops_every_process(disposable: Product) -> None:
    if disposable.supervisor is None:
        disposable.start()

    output = disposable.stop()

    assert "Stopped." in output
    assert disposable.is_gone(seconds=0)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A temporary directory of a short path: it is for sockets."""
    with owned_folder("baremint-tmp-") as folder:
        yield folder


def test_a_data_directory_of_a_long_path_leaves_no_folder_of_sockets(new_product: NewProduct, temporary: Path) -> None:
    (of_a_killed_one := temporary / f"{SOCKET_FOLDERS}of-a-killed-one").mkdir()
    product = new_product(settings={"TMPDIR": str(temporary)})
    (home := product.home.parent / ("long-" * 20)).symlink_to(product.home)
    product = replace(product, home=home)
    product.start()
    try:
        [sockets] = temporary.glob(f"{SOCKET_FOLDERS}*")
        assert sockets != of_a_killed_one
        assert [each.name for each in sockets.iterdir()] == ["valkey.sock"]
    finally:
        product.stop()
    assert not list(temporary.glob(f"{SOCKET_FOLDERS}*"))


def test_down_says_so_when_nothing_runs(new_product: NewProduct) -> None:
    product = new_product(empty=True)

    assert f"Nothing runs in {product.home}" in product.stop()


def test_info_before_the_first_start_says_what_to_do(new_product: NewProduct) -> None:
    process = new_product(empty=True).attempt("info")

    assert process.returncode == 1
    assert "baremint up" in process.stderr


@pytest.mark.parametrize(
    ("setting", "detach"),
    [("BAREMINT_PORT", []), ("BAREMINT_METADATA_PORT", ["--detach"])],
    ids=["control-plane-in-foreground", "metadata-service-in-background"],
)
def test_a_taken_port_is_named_and_nothing_is_left_running(
    new_product: NewProduct, setting: str, detach: list[str]
) -> None:
    product = new_product(empty=True)
    port = int(product.environment[setting])
    with socket.create_server(("127.0.0.1", port)):
        process = product.attempt("up", *detach)

    assert process.returncode == 1
    assert f"port {port} is in use" in process.stderr
    assert f"{setting}=" in process.stderr
    assert product.is_gone(seconds=0)


def test_a_database_out_of_reach_is_named_and_nothing_is_left_running(new_product: NewProduct) -> None:
    product = new_product(empty=True, database_url="postgresql://user@127.0.0.1:1/nothing")

    process = product.attempt("up", "--detach")

    assert process.returncode == 1
    assert "PostgreSQL does not listen where DATABASE_URL says" in process.stderr
    assert "Traceback" not in process.stderr
    assert product.is_gone()


def test_a_broker_out_of_reach_is_named(new_product: NewProduct) -> None:
    product = new_product(empty=True, settings={"REDIS_URL": "redis://127.0.0.1:1/0"})

    process = product.attempt("up", "--detach")

    assert process.returncode == 1
    assert "The broker does not answer. Start it, or correct REDIS_URL." in process.stderr
