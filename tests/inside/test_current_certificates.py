"""``GET /identity/v1/certificates``, which only Baremint has: the chains that a server may use now."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.http import HttpResponse

from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.models import IssuedCertificate
from identity.services.certificate_renewal import renew_due
from identity.services.certificate_renewal_switch import switch_certificate_rotation
from identity.services.revocation import revoke
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.build import make_csr
from tests.certified import issue, issue_before
from tests.inside.program import Inside, error, last_event
from tests.world import World, make_server

pytestmark = pytest.mark.usefixtures("keys")

BY = Party("IBMid-ALICE00001", "Alice", "User")


def fetch(inside: Inside, **headers: str) -> HttpResponse:
    return inside.call("GET", "/identity/v1/certificates", **(headers or inside.bearer()))


def rotate(server: BareMetalServer) -> None:
    switch_certificate_rotation(server, enabled=True, by=BY, now=clock.now())
    renew_due(now=clock.now() + timedelta(minutes=41))


def test_what_was_issued_is_answered_in_the_same_shape_and_with_marks(inside: Inside) -> None:
    # D-87
    body = inside.certificate({"csr": make_csr()}).json()
    current = fetch(inside).json()
    assert {name: current[name] for name in body} == body
    assert set(current) - set(body) == {"public_key_sha256", "renewed", "renewal_due_at", "other_keys"}


def test_a_renewal_takes_the_place_of_what_it_renews(inside: Inside, server: BareMetalServer) -> None:
    body = inside.certificate({"csr": make_csr()}).json()
    rotate(server)
    current = fetch(inside).json()
    old, new = (x509.load_pem_x509_certificate(each["certificates"][0].encode()) for each in (body, current))
    assert (current["renewed"], current["other_keys"]) == (True, [])
    assert (new.public_key(), new.subject) == (old.public_key(), old.subject)
    assert new.serial_number != old.serial_number


def test_each_key_has_one_certificate_the_latest_first(inside: Inside, server: BareMetalServer) -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    for key in [*keys, *keys]:
        issue(server, key=key)
    body = fetch(inside).json()
    latest = [each.id for each in IssuedCertificate.objects.order_by("-created_at")[:3]]
    assert [body["id"], *(each["id"] for each in body["other_keys"])] == latest


@pytest.mark.parametrize("on", [True, False])
def test_a_certificate_says_when_it_will_be_renewed(inside: Inside, server: BareMetalServer, on: bool) -> None:
    issue(server)
    switch_certificate_rotation(server, enabled=on, by=BY, now=clock.now())
    assert (fetch(inside).json()["renewal_due_at"] is not None) is on


def test_an_expired_certificate_is_not_answered(inside: Inside, server: BareMetalServer) -> None:
    issue_before(server, timedelta(hours=2))
    assert error(fetch(inside)) == (404, "not_found", "")


def test_a_revoked_certificate_is_not_answered(inside: Inside, server: BareMetalServer) -> None:
    revoke(issue(server), reason="superseded", by=BY, now=clock.now())
    assert error(fetch(inside)) == (404, "not_found", "")


def test_when_the_latest_is_revoked_the_one_before_is_answered(inside: Inside, server: BareMetalServer) -> None:
    earlier, later = issue(server), issue(server)
    revoke(later, reason="superseded", by=BY, now=clock.now())
    assert fetch(inside).json()["id"] == earlier.id


def test_a_certificate_from_before_the_service_was_off_is_not_answered(inside: Inside, server: BareMetalServer) -> None:
    """It is not revoked yet."""
    issue(server)
    for enabled in (False, True):
        switch_metadata_service(server, enabled=enabled, by=BY)
    assert error(fetch(inside)) == (404, "not_found", "")


def test_a_server_without_certificates_is_told_how_to_get_one(inside: Inside) -> None:
    answer = fetch(inside)
    assert error(answer) == (404, "not_found", "")
    assert "POST /identity/v1/certificates" in answer.json()["errors"][0]["message"]


def test_another_servers_certificates_are_not_answered(inside: Inside, world: World) -> None:
    issue(make_server(world.account, name="web-2", metadata_enabled=True))
    assert error(fetch(inside)) == (404, "not_found", "")


def test_certificates_are_read_with_an_identity_token(inside: Inside) -> None:
    assert error(fetch(inside, Accept="*/*")) == (401, "unauthenticated", "")


def test_fetching_leaves_an_event_that_names_what_was_answered(inside: Inside, server: BareMetalServer) -> None:
    certificate = issue(server)
    fetch(inside)
    event = last_event()
    assert (event.action, event.outcome, event.data) == (
        "is.metadata.certificate.read",
        "success",
        {"ids": [certificate.id]},
    )


def test_a_refusal_leaves_an_event(inside: Inside) -> None:
    fetch(inside)
    assert (last_event().action, last_event().reason_type) == ("is.metadata.certificate.read", "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_refused_and_told_which_there_are(inside: Inside, method: str) -> None:
    answer = inside.call(method, "/identity/v1/certificates")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, GET")


def test_the_old_host_name_does_not_answer_for_certificates(inside: Inside) -> None:
    answers: list[Any] = [
        inside.call(method, "/instance_identity/v1/certificates", **inside.bearer()) for method in ("GET", "POST")
    ]
    assert {answer.status_code for answer in answers} == {404}
