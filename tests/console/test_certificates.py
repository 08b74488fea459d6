"""A server's certificates from its page: renewed or not, revoked, and where their authorities publish."""

from datetime import timedelta

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from identity import csr
from identity.form_snapshot import certificate_shown, renewal_shown
from identity.models import CertificateRotation, IssuedCertificate
from identity.services.certificates import create_certificate
from servers.facts import facts_of
from servers.form_snapshot import switches_shown
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from tests.build import make_csr
from tests.forms import as_shown
from tests.world import World, make_server

pytestmark = pytest.mark.usefixtures("keys")

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def certificate(server: BareMetalServer) -> IssuedCertificate:
    row = server_by_number(server.number)
    assert row
    certificate_row = create_certificate(
        csr.check(make_csr()), facts=facts_of(row), lifetime=timedelta(hours=1), now=clock.now()
    )
    return IssuedCertificate.objects.get(id=certificate_row.id)


def path(server: BareMetalServer, leaf: str) -> str:
    return f"/servers/{server.id}{leaf}"


def seen(certificate: IssuedCertificate) -> dict[str, list[str]]:
    return as_shown(certificate_shown(certificate))


def renewal(server: BareMetalServer, *, on: bool = False) -> dict[str, list[str]]:
    return as_shown(renewal_shown(server, rotating=on))


def test_renewal_is_switched_on_and_off(alice: Client, server: BareMetalServer) -> None:
    alice.post(path(server, "/certificates/rotation"), {"enabled": "true", **renewal(server)}, headers=SCRIPT)
    assert CertificateRotation.objects.filter(server=server).exists()
    page = alice.get(path(server, "/holdings")).content.decode()
    assert 'aria-checked="true" aria-label="Certificate renewal"' in page
    alice.post(path(server, "/certificates/rotation"), {"enabled": "false", **renewal(server, on=True)}, headers=SCRIPT)
    assert not CertificateRotation.objects.exists()


def test_revoking_asks_for_the_reason_first(
    alice: Client, server: BareMetalServer, certificate: IssuedCertificate
) -> None:
    answer = alice.post(
        path(server, "/certificates/revoke"), {"certificate": certificate.id, **seen(certificate)}, headers=SCRIPT
    )
    assert (answer["HX-Retarget"], "<option>keyCompromise</option>" in answer.content.decode()) == ("#dialog", True)
    assert IssuedCertificate.objects.get().revoked_at is None


def test_a_certificate_is_revoked_for_a_reason(
    alice: Client, server: BareMetalServer, certificate: IssuedCertificate
) -> None:
    body = {"certificate": certificate.id, "confirmed": "yes", "reason": "keyCompromise", **seen(certificate)}
    assert alice.post(path(server, "/certificates/revoke"), body, headers=SCRIPT).status_code == 204
    assert IssuedCertificate.objects.get().revocation_reason == "keyCompromise"
    page = alice.get(path(server, "/holdings")).content.decode()
    assert '<span class="status bad">revoked</span> <span class="hint">keyCompromise</span>' in page


@pytest.mark.parametrize("reason", ["", "boredom"])
def test_a_reason_that_is_none_revokes_nothing(
    alice: Client, server: BareMetalServer, certificate: IssuedCertificate, reason: str
) -> None:
    body = {"certificate": certificate.id, "confirmed": "yes", "reason": reason, **seen(certificate)}
    assert alice.post(path(server, "/certificates/revoke"), body, headers=SCRIPT).status_code == 400
    assert IssuedCertificate.objects.get().revoked_at is None


def test_another_servers_certificate_is_not_there(alice: Client, world: World, certificate: IssuedCertificate) -> None:
    other = make_server(world.account, name="web-2")
    body = {"certificate": certificate.id, "confirmed": "yes", "reason": "unspecified"}
    assert alice.post(path(other, "/certificates/revoke"), body, headers=SCRIPT).status_code == 404


def test_a_viewer_cannot_revoke_or_switch_renewal(
    victor: Client, server: BareMetalServer, certificate: IssuedCertificate
) -> None:
    body = {"certificate": certificate.id, "confirmed": "yes", "enabled": "true"}
    for leaf in ("/certificates/revoke", "/certificates/rotation"):
        assert victor.post(path(server, leaf), body, headers=SCRIPT).status_code == 403
    assert ActivityEvent.objects.filter(outcome="failure", initiator_name="victor").count() == 2
    assert "Revoke" not in victor.get(path(server, "/holdings")).content.decode().replace('"unseen">Revoke', "")


def test_the_question_before_switching_off_says_what_becomes_of_certificates(
    alice: Client, server: BareMetalServer, certificate: IssuedCertificate
) -> None:
    answer = alice.post(
        path(server, "/metadata"), {"enabled": "false", **as_shown(switches_shown(server))}, headers=SCRIPT
    )
    assert "its certificates are revoked" in answer.content.decode()


def test_authorities_say_where_they_publish(alice: Client) -> None:
    page = alice.get("/keys").content.decode()
    assert ".crl" in page
    assert "/pki/ocsp" in page
