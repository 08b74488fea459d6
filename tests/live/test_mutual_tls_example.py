"""The example of mutual TLS: two servers with certificates of the metadata service, and callers that are refused."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.operator import Operator
from tests.live.product import DIES_WITH_US, ROOT, Product, free_ports

pytestmark = [pytest.mark.live, pytest.mark.e2e]

EXAMPLE = ROOT / "examples" / "mutual-tls"
SECONDS = 60


class Site:
    """A folder with two certified servers, one of which serves. ``said`` is what it says of its callers."""

    def __init__(self, product: Product, folder: Path) -> None:
        self.product, self.folder = product, folder
        [self.port] = free_ports(1)

    def certify(self, name: str, url: str) -> str:
        return self.do("sh", EXAMPLE / "certify.sh", url, name, self.product.info["ca_bundle"])

    def about(self, name: str, what: str) -> str:
        return (self.folder / name / what).read_text().strip()

    def call(self, caller: str, server: str) -> str:
        return self.do(sys.executable, EXAMPLE / "call.py", caller, server, self.port)

    def curl(self, *arguments: object) -> str:
        return self.do("curl", "-sS", *arguments, f"https://127.0.0.1:{self.port}/")

    def do(self, *command: object) -> str:
        """What a command says, of whatever outcome."""
        process = subprocess.run(
            list(map(str, command)), cwd=self.folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return process.stdout + process.stderr

    def said(self) -> str:
        assert self.serving.stdout is not None
        return self.serving.stdout.readline().strip()


@pytest.fixture
def site(product: Product, operator: Operator, tmp_path: Path) -> Iterator[Site]:
    new_site = Site(product, tmp_path)
    for name in ("server-a", "server-b"):
        server = operator.create_server()
        operator.switch(server["id"], enabled=True)
        assert "has a certificate until" in new_site.certify(name, operator.metadata_url(server, product))
        assert new_site.about(name, "server") == server["id"]
    command = [*DIES_WITH_US, sys.executable, str(EXAMPLE / "serve.py"), "server-a", str(new_site.port)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as new_site.serving:
        assert new_site.said() == f"{new_site.about('server-a', 'server')} serves https://127.0.0.1:{new_site.port}"
        yield new_site
        new_site.serving.kill()


def test_servers_over_mutual_tls_know_each_other(site: Site) -> None:
    caller = site.about("server-b", "server")
    assert site.call("server-b", site.about("server-a", "server")) == f"Hello, {caller}.\n"
    assert site.said() == f"served: {caller}"


def test_a_caller_turns_away_from_a_server_that_is_another(site: Site) -> None:
    other = site.about("server-b", "server")
    assert site.call("server-b", other) == f"refused: this is {site.about('server-a', 'server')}, and not {other}\n"
    assert site.said() == f"left without a word: {other}"


def test_a_client_without_a_certificate_is_refused(site: Site) -> None:
    assert "certificate required" in site.curl("--insecure")
    assert site.said() == "refused: PEER_DID_NOT_RETURN_A_CERTIFICATE"


def test_a_self_signed_certificate_is_refused(site: Site) -> None:
    names = ("-keyout", "own.key", "-out", "own.pem", "-subj", f"/CN={site.about('server-b', 'server')}")
    site.do("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names)
    assert "unknown ca" in site.curl("--insecure", "--cert", "own.pem", "--key", "own.key")
    assert site.said() == "refused: self-signed certificate"


def test_a_revoked_certificate_is_refused_from_the_next_call_on(site: Site) -> None:
    there = site.about("server-a", "server")
    site.call("server-b", there)
    site.said()
    site.product.run("revoke", site.about("server-b", "server"), site.about("server-b", "certificate"))
    assert site.call("server-b", there) == "refused: SSLV3_ALERT_CERTIFICATE_REVOKED\n"
    assert site.said() == "refused: certificate revoked"


def test_a_server_with_a_revoked_certificate_is_refused(site: Site) -> None:
    there = site.about("server-a", "server")
    site.product.run("revoke", there, site.about("server-a", "certificate"))
    assert site.call("server-b", there) == "refused: certificate revoked\n"


def test_the_key_is_readable_by_its_owner_alone(site: Site) -> None:
    assert (site.folder / "server-a" / "key.pem").stat().st_mode & 0o077 == 0
