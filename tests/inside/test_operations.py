"""The three operations as a program on a server meets them, and what they leave on record."""

import hashlib
import json
from datetime import timedelta

import jwt
import pytest
from cryptography import x509

from controlplane.kernel import clock
from identity import key_cache
from identity.models import IssuedCertificate
from servers.models import BareMetalServer
from tests.build import make_csr
from tests.inside.program import Call, Inside, last_event
from tests.world import World, make_profile

pytestmark = pytest.mark.usefixtures("keys")

# --- the three operations ---------------------------------------------------------------------------------------


def test_an_identity_token_has_all_four_fields_the_token_first(inside: Inside) -> None:
    answer = inside.token()
    assert answer.status_code == 200
    assert list(answer.json()) == ["access_token", "created_at", "expires_at", "expires_in"]


def test_an_identity_token_names_its_server(inside: Inside, server: BareMetalServer) -> None:
    claims = jwt.decode(inside.token().json()["access_token"], options={"verify_signature": False})
    assert claims["iaas"]["instanceID"] == server.id


def test_an_identity_token_lives_five_minutes_unless_asked_otherwise(inside: Inside) -> None:
    assert inside.token().json()["expires_in"] == 300


def test_json_is_read_whatever_the_content_type_says(inside: Inside) -> None:
    assert inside.token({"expires_in": 5}).json()["expires_in"] == 5


def test_a_nonce_is_returned_in_the_token(inside: Inside) -> None:
    claims = jwt.decode(inside.token({"nonce": "n-1"}).json()["access_token"], options={"verify_signature": False})
    assert claims["nonce"] == "n-1"


def test_doubled_slashes_are_collapsed(inside: Inside) -> None:
    assert inside.call("PUT", "/identity//v1/token", Metadata_Flavor="ibm").status_code == 200


def test_tokens_are_never_cached(inside: Inside) -> None:
    assert inside.token()["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", ["id", "crn", "name"])
def test_a_linked_profile_is_taken_on_by_id_crn_or_name(
    inside: Inside, server: BareMetalServer, world: World, kind: str
) -> None:
    profile = make_profile(world.account, linked_to=server)
    answer = inside.iam_token({"trusted_profile": {kind: getattr(profile, kind)}})
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert (claims["iam_id"], claims["sub_type"]) == (profile.iam_id, "ComputeResource")


def test_an_iam_token_lives_an_hour_and_its_claims_agree_with_the_answer(
    inside: Inside, server: BareMetalServer, world: World
) -> None:
    profile = make_profile(world.account, linked_to=server)
    answer = inside.iam_token({"trusted_profile": {"id": profile.id}}).json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert answer["expires_in"] == claims["exp"] - claims["iat"] == 3600


def test_a_certificate_chain_is_leaf_then_intermediate_with_the_server_as_common_name(
    inside: Inside, server: BareMetalServer
) -> None:
    leaf, intermediate = (
        x509.load_pem_x509_certificate(pem.encode())
        for pem in inside.certificate({"csr": make_csr()}).json()["certificates"]
    )
    leaf.verify_directly_issued_by(intermediate)
    assert leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == server.id


def test_a_certificate_is_on_record_before_it_is_answered(inside: Inside) -> None:
    answer = inside.certificate({"csr": make_csr()}).json()
    assert IssuedCertificate.objects.get(id=answer["id"]).certificate == answer["certificates"][0]


def test_a_serial_number_that_is_taken_is_drawn_again(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([7, 7, 8])
    monkeypatch.setattr("identity.services.certificates.x509.random_serial_number", lambda: next(numbers))
    for _ in range(2):
        inside.certificate({"csr": make_csr()})
    assert set(IssuedCertificate.objects.values_list("serial_number", flat=True)) == {"7", "8"}


def test_a_certificate_never_outlives_its_issuer(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = x509.load_pem_x509_certificate(key_cache.signer("intermediate").certificate.encode())
    late = issuer.not_valid_after_utc - timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: late)
    leaf = x509.load_pem_x509_certificate(
        inside.certificate({"csr": make_csr(), "expires_in": 3600}).json()["certificates"][0].encode()
    )
    assert leaf.not_valid_after_utc < issuer.not_valid_after_utc


# --- what is left on record ----------------------------------------------------------------------------------------


def test_each_success_leaves_one_event_that_knows_the_token_by_its_hash(inside: Inside) -> None:
    token = inside.token().json()["access_token"]
    event = last_event()
    assert event.data["sha256"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in json.dumps(event.data)


def test_the_server_is_initiator_and_target_of_its_events(inside: Inside, server: BareMetalServer) -> None:
    inside.token()
    event = last_event()
    assert event.action == "is.metadata.identity-token.create"
    assert (event.initiator_id, event.target_id, event.outcome) == (server.crn, server.crn, "success")


@pytest.mark.parametrize(
    ("call", "action"),
    [
        (lambda inside: inside.token({"expires_in": 1}), "is.metadata.identity-token.create"),
        (lambda inside: inside.iam_token({}), "is.metadata.computeresource-token.read"),
        (lambda inside: inside.certificate({}), "is.metadata.certificate.create"),
        (lambda inside: inside.call("GET", "/identity/v1/token"), "is.metadata.identity-token.create"),
    ],
    ids=["token", "iam-token", "certificate", "a-get"],
)
def test_a_refused_call_leaves_one_event_with_its_reason(inside: Inside, call: Call, action: str) -> None:
    answer = call(inside)
    event = last_event()
    assert (event.action, event.outcome, event.reason_code) == (action, "failure", answer.status_code)
    assert event.reason_type == answer.json()["errors"][0]["code"]


def test_the_trace_is_the_request_id_of_the_answer_and_of_the_event(inside: Inside) -> None:
    answer = inside.token({"expires_in": 1}, X_Request_Id="my-request-1")
    assert answer.json()["trace"] == answer["X-Request-Id"] == last_event().request_id == "my-request-1"


def test_a_request_id_with_odd_characters_is_replaced(inside: Inside) -> None:
    assert inside.token(None, X_Request_Id="a b\tc")["X-Request-Id"] != "a b\tc"


def test_nothing_is_written_when_a_request_is_refused_but_its_event(inside: Inside) -> None:
    inside.certificate({"csr": "hello"})
    assert not IssuedCertificate.objects.exists()
