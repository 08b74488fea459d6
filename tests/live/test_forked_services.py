"""The processes of ``baremint up``: forks of one that stays fit to be forked, each with one service and no other."""

import os
import signal
from pathlib import Path

import pytest
import requests

from tests.live.operator import eventually
from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = pytest.mark.live

FORKS = ["control plane", "metadata", "metadata TLS", "worker"]
OF_THE_CONTROL_PLANE = [
    "/admin/",
    "/cos/",
    "/console.css",
    "/docs",
    "/identity/token",
    "/login",
    "/metrics",
    "/pki/roots",
    "/v1/bare_metal_servers",
    "/_baremint/clock",
]


@pytest.fixture(scope="module")
def disposable(new_product: NewProduct) -> Product:
    product = new_product()
    product.start()
    return product


@pytest.mark.parametrize("path", OF_THE_CONTROL_PLANE)
@pytest.mark.parametrize("protocol", ["http", "https"])
def test_the_metadata_service_knows_no_path_of_the_control_plane(product: Product, protocol: str, path: str) -> None:
    port = product.environment["BAREMINT_METADATA_TLS_PORT"] if protocol == "https" else product.metadata_port
    answer = requests.get(f"{protocol}://127.64.0.1:{port}{path}", verify=product.info["ca_bundle"], timeout=10)
    assert answer.status_code == 404


def test_the_control_plane_knows_no_path_of_the_metadata_service(product: Product) -> None:
    url = f"{product.info['control_plane_url']}/identity/v1/token?version=2025-08-26"
    assert requests.put(url, headers={"Metadata-Flavor": "ibm"}, timeout=10).status_code == 404


def test_the_supervisor_has_one_thread(product: Product) -> None:
    assert len(list(Path(f"/proc/{product.supervisor}/task").iterdir())) == 1


def test_the_supervisor_has_no_file_of_the_database_and_no_connection(product: Product) -> None:
    workers = 2
    opened = [os.readlink(each) for each in Path(f"/proc/{product.supervisor}/fd").iterdir()]
    assert [each for each in opened if "sqlite" in each] == []
    assert len([each for each in opened if each.startswith("socket:")]) == 2 * workers + 1  # they listen


@pytest.mark.parametrize("service", FORKS)
def test_a_service_that_is_killed_is_forked_again(disposable: Product, service: str) -> None:
    before = disposable.named(service)
    assert before

    for pid in before:
        os.kill(pid, signal.SIGKILL)

    eventually(lambda: len(set(disposable.named(service)) - set(before)) == len(before))


def test_requests_that_come_while_all_workers_are_dead_are_answered_by_the_next(disposable: Product) -> None:
    for pid in [*disposable.named("control plane"), *disposable.named("metadata"), *disposable.named("metadata TLS")]:
        os.kill(pid, signal.SIGKILL)

    assert requests.get(f"{disposable.info['control_plane_url']}/healthz", timeout=10).status_code == 200
    assert requests.get(f"{disposable.server('web-1')['metadata_url']}/healthz", timeout=10).status_code == 200


def test_a_service_that_is_killed_many_times_is_there_in_the_end(disposable: Product) -> None:
    for _ in range(4):
        [pid] = eventually(lambda: disposable.named("metadata TLS"))
        os.kill(pid, signal.SIGKILL)
        eventually(lambda pid=pid: disposable.named("metadata TLS") not in ([], [pid]))
    port = disposable.environment["BAREMINT_METADATA_TLS_PORT"]
    url = f"https://127.64.0.1:{port}/healthz"
    assert requests.get(url, verify=disposable.info["ca_bundle"], timeout=10).status_code == 200


def test_the_log_names_each_service(disposable: Product) -> None:
    process_names = {line[9:22].strip() for line in (disposable.home / "baremint.log").read_text().splitlines()}
    assert {"control plane", "metadata", "metadata TLS", "worker"} <= process_names
