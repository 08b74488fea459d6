"""The metadata service over TLS on a server's own loopback address."""

import json
import socket
import subprocess
import sys
from typing import Any

import pytest
import requests

from tests.live.operator import NEW, Operator
from tests.live.product import Product, clean_environment
from tests.tables import assert_none

pytestmark = pytest.mark.live

SERVICE = "api.metadata.cloud.ibm.com"
FLAVOR = {"Metadata-Flavor": "ibm"}


@pytest.fixture(scope="module")
def secure(product: Product, operator: Operator) -> dict[str, Any]:
    """A server whose protocol is https, as ``info`` describes it."""
    server = operator.create_server()
    operator.switch(server["id"], enabled=True, protocol="https")
    return next(each for each in product.read_info()["servers"] if each["id"] == server["id"])


def ask(url: str, product: Product, **headers: str) -> requests.Response:
    return requests.put(
        f"{url}/identity/v1/token?version={NEW}",
        headers={**FLAVOR, **headers},
        verify=product.info["ca_bundle"],
        timeout=10,
    )


def curl(product: Product, *arguments: str) -> str:
    """The status that curl gets, or its own exit code when it gets none."""
    command = ["curl", "-s", "--cacert", product.info["ca_bundle"], "-o", "/dev/null", "-w", "%{http_code}"]
    arguments_of_put = ["-X", "PUT", "-H", "Metadata-Flavor: ibm", *arguments]
    process = subprocess.run([*command, *arguments_of_put], capture_output=True, text=True, timeout=30, check=False)
    return process.stdout if process.returncode == 0 else f"exit {process.returncode}"


def address_of(server: dict[str, Any]) -> str:
    return str(server["metadata_url"]).removeprefix("https://")


def test_info_names_an_https_url_whose_certificate_verifies_at_the_servers_address(
    product: Product, secure: dict[str, Any]
) -> None:
    # D-91
    assert secure["metadata_url"].startswith("https://127.64.")
    assert ask(secure["metadata_url"], product).status_code == 200


def test_the_certificate_verifies_for_the_name_of_the_service(product: Product, secure: dict[str, Any]) -> None:
    there = f"{SERVICE}:443:{address_of(secure)}"
    assert curl(product, "--connect-to", there, f"https://{SERVICE}/identity/v1/token?version={NEW}") == "200"


def test_the_name_of_the_service_answers_as_the_server_that_was_dialled(
    product: Product, secure: dict[str, Any]
) -> None:
    """The Host says the service's name; which server calls, the dialled address alone says."""
    other = address_of(secure).replace(address_of(secure).split(":")[0], "127.64.0.1")
    there = f"{SERVICE}:443:{other}"
    assert curl(product, "--connect-to", there, f"https://{SERVICE}/identity/v1/token?version={NEW}") == "403"


@pytest.mark.parametrize("host", ["127.64.0.1", "127.0.0.1", "evil.example", f"{SERVICE}.evil.example", f"{SERVICE}."])
def test_a_host_other_than_the_dialled_address_and_the_service_is_refused(
    product: Product, secure: dict[str, Any], host: str
) -> None:
    answer = ask(secure["metadata_url"], product, Host=host)
    assert (answer.status_code, answer.json()["errors"][0]["target"]["name"]) == (400, "Host")


def test_the_environment_of_the_server_makes_its_programs_trust_that_certificate(
    product: Product, secure: dict[str, Any]
) -> None:
    variables = json.loads(product.run("env", secure["name"], "--format", "json"))
    program = (
        "import os, requests; url = os.environ['BAREMINT_METADATA_URL'] + '/identity/v1/token?version=2025-08-26'; "
        "print(requests.put(url, headers={'Metadata-Flavor': 'ibm'}).status_code)"
    )
    process = subprocess.run(
        [sys.executable, "-c", program],
        env={**clean_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert process.stdout == "200\n", process.stderr


def test_plain_http_is_refused_when_the_protocol_is_https(product: Product, secure: dict[str, Any]) -> None:
    host = address_of(secure).split(":")[0]
    answer = ask(f"http://{host}:{product.metadata_port}", product)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "unauthorized")


def test_https_is_refused_when_the_protocol_is_http(product: Product) -> None:
    host = product.server("web-2")["metadata_url"].removeprefix("http://").split(":")[0]
    answer = ask(f"https://{host}:{product.info['metadata_tls_port']}", product)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "unauthorized")


@pytest.mark.parametrize("header", ["X-Forwarded-Proto", "X-Forwarded-Ssl", "Front-End-Https", "X-Scheme"])
def test_no_header_makes_plain_http_pass_for_https(product: Product, secure: dict[str, Any], header: str) -> None:
    host = address_of(secure).split(":")[0]
    answer = ask(f"http://{host}:{product.metadata_port}", product, **{header: "https"})
    assert answer.status_code == 403


def test_plain_http_gets_no_answer_on_the_tls_port(product: Product, secure: dict[str, Any]) -> None:
    with pytest.raises(requests.ConnectionError):
        ask(secure["metadata_url"].replace("https:", "http:"), product)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_old_tls_is_refused(product: Product, secure: dict[str, Any], version: str) -> None:
    assert curl(product, "--tls-max", version, "--ciphers", "ALL:@SECLEVEL=0", secure["metadata_url"]) == "exit 35"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_current_tls_is_spoken(product: Product, secure: dict[str, Any], version: str) -> None:
    url = f"{secure['metadata_url']}/identity/v1/token?version={NEW}"
    assert curl(product, f"--tlsv{version}", "--tls-max", version, url) == "200"


def test_switching_the_protocol_is_effective_at_once_on_an_open_connection(
    product: Product, operator: Operator, secure: dict[str, Any]
) -> None:
    with requests.Session() as session:
        url = f"{secure['metadata_url']}/identity/v1/token?version={NEW}"

        def status() -> int:
            return session.put(url, headers=FLAVOR, verify=product.info["ca_bundle"], timeout=10).status_code

        assert status() == 200
        operator.switch(secure["id"], protocol="http")
        assert status() == 403
        operator.switch(secure["id"], protocol="https")
        assert status() == 200


def test_silent_clients_do_not_keep_others_from_being_answered(product: Product, secure: dict[str, Any]) -> None:
    host, port = address_of(secure).split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(40)]
    try:
        assert ask(secure["metadata_url"], product).status_code == 200
    finally:
        for each in silent:
            each.close()


def test_no_private_key_is_ever_written_to_the_data_directory(product: Product) -> None:
    files = [path for path in product.home.rglob("*") if path.is_file()]
    assert_none([path for path in files if b"PRIVATE KEY" in path.read_bytes()], among=files)
