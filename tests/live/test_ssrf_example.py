"""The page with a hole: what it gives away, what each defence stops, and that it harms nothing else."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live.operator import NEW, Operator
from tests.live.product import DIES_WITH_US, ROOT, Product, clean_environment, free_ports

pytestmark = [pytest.mark.live, pytest.mark.e2e]

EXAMPLE = ROOT / "examples" / "ssrf"
FLAVOR = "Metadata-Flavor: ibm"
CR_TOKEN = "urn:ibm:params:oauth:grant-type:cr-token"


class Page:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, headers: dict[str, str] | None = None, **form: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", params=form, headers=headers, timeout=30)

    def steal(self, metadata: str, header: str = FLAVOR) -> requests.Response:
        return self.get("/webhook", url=f"{metadata}/identity/v1/token?version={NEW}", method="PUT", header=header)


@contextmanager
def running(**environment: str) -> Iterator[Page]:
    [port] = free_ports(1)
    command = [*DIES_WITH_US, sys.executable, str(EXAMPLE / "vulnerable.py"), str(port)]
    with subprocess.Popen(command, env=clean_environment() | environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "vulnerable on purpose" in process.stdout.readline()
        yield Page(port)
        process.kill()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with running() as opened:
        yield opened


@pytest.fixture(scope="module")
def server(product: Product, operator: Operator) -> dict[str, Any]:
    new_server = operator.create_server()
    operator.switch(new_server["id"], enabled=True)
    return new_server


@pytest.fixture
def metadata(product: Product, operator: Operator, server: dict[str, Any]) -> Iterator[str]:
    """The server's metadata service, at http; also afterwards."""
    yield operator.metadata_url(server, product)
    operator.switch(server["id"], protocol="http")


def of(product: Product, server: dict[str, Any]) -> str:
    """Where the metadata service of a server is now."""
    return str(next(each for each in product.read_info()["servers"] if each["id"] == server["id"])["metadata_url"])


def test_a_caller_who_chooses_the_whole_request_gets_a_token(page: Page, metadata: str) -> None:
    assert page.steal(metadata).json()["access_token"]


def test_a_caller_who_chooses_the_address_alone_gets_no_token(page: Page, metadata: str) -> None:
    answer = page.get("/preview", url=f"{metadata}/identity/v1/token?version={NEW}")
    assert (answer.status_code, "access_token" in answer.text) == (405, False)


def test_a_request_without_the_header_gets_no_token(page: Page, metadata: str) -> None:
    assert page.steal(metadata, header="X-Other: ibm").status_code == 400


@pytest.mark.parametrize("smuggled", ["X-Other: a\r\nMetadata-Flavor: ibm", "X-Other: a\nMetadata-Flavor: ibm"])
def test_a_header_is_not_smuggled_into_another(page: Page, metadata: str, smuggled: str) -> None:
    assert "access_token" not in page.steal(metadata, header=smuggled).text


def test_over_https_the_page_does_not_believe_the_service(
    page: Page, product: Product, operator: Operator, server: dict[str, Any], metadata: str
) -> None:
    operator.switch(server["id"], protocol="https")
    assert page.steal(metadata).status_code == 403
    assert "does not trust" in page.steal(of(product, server)).text


def test_a_page_that_trusts_the_authority_gets_through_over_https(
    product: Product, operator: Operator, server: dict[str, Any], metadata: str
) -> None:
    operator.switch(server["id"], protocol="https")
    with running(SSL_CERT_FILE=product.info["ca_bundle"]) as trusting:
        assert trusting.steal(of(product, server)).json()["access_token"]


def test_a_smaller_profile_limits_a_token_that_is_stolen_already(
    page: Page, product: Product, server: dict[str, Any], metadata: str
) -> None:
    def shop(width: str) -> None:
        environment = product.environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        command = [sys.executable, str(EXAMPLE / "shop.py"), width, server["name"], "shop"]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)

    def read(path: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{product.info['iam_url']}/cos/{path}", headers=headers, timeout=30).status_code

    shop("wide")
    form = {"grant_type": CR_TOKEN, "cr_token": page.steal(metadata).json()["access_token"], "profile_name": "shop"}
    token = requests.post(f"{product.info['iam_url']}/identity/token", data=form, timeout=30).json()["access_token"]
    assert (read("shop-customers/customers.csv"), read("shop-pages/index.html")) == (200, 200)
    shop("small")
    assert (read("shop-customers/customers.csv"), read("shop-pages/index.html")) == (403, 200)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "file:///etc/passwd", "nothing"]
)
def test_the_page_calls_only_metadata_services(page: Page, product: Product, url: str) -> None:
    answer = page.get("/webhook", url=url.format(port=product.port), method="GET")
    assert (answer.status_code, "metadata services only" in answer.text) == (400, True)


def test_the_page_is_not_served_under_another_name(page: Page) -> None:
    """A site that makes its name point to 127.0.0.1 gets no visitor of its own in here."""
    assert page.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_the_page_says_what_it_is(page: Page) -> None:
    answer = page.get("/")
    assert "vulnerable on purpose" in answer.text
    assert "vulnerable on purpose" in answer.headers["X-Warning"]
