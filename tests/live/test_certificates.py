"""A server's certificates from its request to its end, with OpenSSL as the server and as its peer."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.certified import command
from tests.live.operator import NEW, Operator, eventually
from tests.live.product import Product

pytestmark = [pytest.mark.live, pytest.mark.e2e]

DUE_NOW = (
    "from identity.models import IssuedCertificate; from controlplane.kernel import clock; "
    "IssuedCertificate.objects.filter(id='{id}').update(renew_at=clock.now())"
)


class Holder:
    """A server with a key in a folder, and the chain that it got for it."""

    def __init__(self, product: Product, operator: Operator, server: dict[str, Any], folder: Path) -> None:
        self.product, self.operator, self.server, self.folder = product, operator, server, folder
        self.url = operator.metadata_url(server, product)
        process = command(
            *(folder, "openssl", "req", "-new", "-sha256", "-newkey", "rsa:2048", "-nodes", "-subj", "/C=US"),
            *("-keyout", "file.key", "-out", "file.csr"),
        )
        assert process.returncode == 0, process.stderr

    def call(self, method: str, path: str, **rest: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token()}"}
        return requests.request(method, f"{self.url}{path}?version={NEW}", headers=headers, timeout=30, **rest)

    def token(self) -> str:
        headers = {"Metadata-Flavor": "ibm"}
        answer = requests.put(f"{self.url}/identity/v1/token?version={NEW}", headers=headers, timeout=30)
        return str(answer.json()["access_token"])

    def ask(self) -> dict[str, Any]:
        body = {"csr": (self.folder / "file.csr").read_text(), "expires_in": 300}
        return self.keep(self.call("POST", "/identity/v1/certificates", json=body).json())

    def fetch(self) -> dict[str, Any]:
        return self.keep(self.call("GET", "/identity/v1/certificates").json())

    def keep(self, answer: dict[str, Any]) -> dict[str, Any]:
        for name, pem in zip(("leaf.pem", "intermediate.pem"), answer["certificates"], strict=True):
            (self.folder / name).write_text(pem)
        (self.folder / "root.pem").write_text(Path(self.product.info["ca_bundle"]).read_text())
        return answer

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / "leaf.pem").read_bytes())

    def address(self, method: x509.ObjectIdentifier) -> str:
        access = self.leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        return next(str(each.access_location.value) for each in access if each.access_method == method)

    def verify(self) -> str:
        """``openssl verify -crl_check``, with the list from where the certificate says that it is."""
        [point] = self.leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert point.full_name is not None
        der = requests.get(point.full_name[0].value, timeout=30).content
        (self.folder / "list.pem").write_bytes(x509.load_der_x509_crl(der).public_bytes(Encoding.PEM))
        process = command(
            *(self.folder, "openssl", "verify", "-x509_strict", "-crl_check", "-CRLfile", "list.pem"),
            *("-CAfile", "root.pem", "-untrusted", "intermediate.pem", "leaf.pem"),
        )
        return process.stdout + process.stderr

    def status(self) -> str:
        """``openssl ocsp`` at the responder that the certificate names."""
        process = command(
            *(self.folder, "openssl", "ocsp", "-issuer", "intermediate.pem", "-cert", "leaf.pem"),
            *("-url", self.address(AuthorityInformationAccessOID.OCSP), "-CAfile", "root.pem"),
        )
        assert "Response verify OK" in process.stderr, process.stderr
        return process.stdout.splitlines()[0]


@pytest.fixture
def holder(product: Product, operator: Operator, tmp_path: Path) -> Holder:
    server = operator.create_server()
    operator.switch(server["id"], enabled=True)
    return Holder(product, operator, server, tmp_path)


def test_a_chain_verifies_with_the_list_and_the_responder_that_it_names(holder: Holder) -> None:
    holder.ask()
    assert holder.verify() == "leaf.pem: OK\n"
    assert holder.status() == "leaf.pem: good"


def test_a_certificate_leads_to_its_issuer(holder: Holder) -> None:
    holder.ask()
    der = requests.get(holder.address(AuthorityInformationAccessOID.CA_ISSUERS), timeout=30).content
    issuer = x509.load_der_x509_certificate(der)
    assert issuer.public_bytes(Encoding.PEM).decode() == (holder.folder / "intermediate.pem").read_text()


def test_a_revocation_on_the_command_line_is_seen_by_every_verifier_at_once(holder: Holder) -> None:
    answer = holder.ask()
    name = holder.server["name"]
    output = holder.product.run("revoke", name, answer["id"], "--reason", "superseded")
    assert output.strip().endswith("superseded.")
    assert "certificate revoked" in holder.verify()
    assert holder.status() == "leaf.pem: revoked"


def test_switching_the_service_off_revokes_for_every_verifier_at_once(holder: Holder) -> None:
    holder.ask()
    holder.operator.switch(holder.server["id"], enabled=False)
    assert holder.status() == "leaf.pem: revoked"
    assert "certificate revoked" in holder.verify()


def test_deleting_the_server_revokes_for_every_verifier(holder: Holder) -> None:
    holder.ask()
    vpc, server = holder.operator.vpc, holder.server["id"]
    vpc.stop_bare_metal_server(server, type="hard")
    holder.operator.await_status(server, "stopped")
    vpc.delete_bare_metal_server(server)
    assert holder.status() == "leaf.pem: revoked"
    assert "certificate revoked" in holder.verify()


def test_under_rotation_a_certificate_is_renewed_before_it_expires_and_fetched(holder: Holder) -> None:
    old = holder.ask()
    was = holder.leaf
    assert "is on" in holder.product.run("certificate-rotation", holder.server["name"], "on")
    holder.product.run("shell", "-c", DUE_NOW.format(id=old["id"]))
    new = eventually(lambda: (answer := holder.fetch()) and answer["renewed"] and answer, seconds=60)
    assert new["id"] != old["id"]
    assert (holder.leaf.public_key(), holder.leaf.subject) == (was.public_key(), was.subject)
    assert holder.verify() == "leaf.pem: OK\n"
    assert holder.status() == "leaf.pem: good"
    holder.keep({"certificates": old["certificates"]})  # what peers have seen already is good to its end
    assert holder.verify() == "leaf.pem: OK\n"


def test_the_command_line_lists_what_was_issued_and_what_is_due(holder: Holder) -> None:
    answer = holder.ask()
    certificates = json.loads(holder.product.run("certificates", holder.server["name"], "--json"))
    assert [(each["id"], each["status"]) for each in certificates] == [(answer["id"], "valid")]
    assert answer["id"] in holder.product.run("certificates", holder.server["name"])
    due = json.loads(holder.product.run("certificates", "--due", "--json"))
    assert set(due) == {"due", "later", "next_due_at", "last"}
    assert "Due now" in holder.product.run("certificates", "--due")
