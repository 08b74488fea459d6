"""A token taken apart: what each check finds, and that the last word is the verifier's."""

from datetime import timedelta

import jwt
import pytest

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.caller import Caller
from identity import signing
from identity.models import KeyPair
from identity.services.iam_tokens import exchange_identity_token
from identity.services.identity_tokens import create_identity_token, verify_identity_token
from identity.services.key_rotation import rotate_now
from identity.services.token_inspection import inspect
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from servers.services.metadata_service import switch_metadata_service
from tests.policies import make_content
from tests.world import ALICE, MALLORY, World, make_profile, make_server
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.usefixtures("keys")

NAMES = ["Form", "Algorithm", "Key", "Key state", "Signature", "Issuer", "Audience", "Time", "Server", "Purpose"]


@pytest.fixture
def server(world: World) -> BareMetalServer:
    profile = make_profile(world.account, name="reader")
    return make_server(world.account, name="web-1", metadata_enabled=True, profile=profile)


@pytest.fixture
def identity(server: BareMetalServer) -> str:
    row = server_by_number(server.number)
    assert row
    return create_identity_token(facts_of(row), lifetime=timedelta(minutes=5), nonce=None, now=clock.now()).token


@pytest.fixture
def iam(server: BareMetalServer, identity: str) -> str:
    row = server_by_number(server.number)
    assert row
    facts, now = facts_of(row), clock.now()
    verified = verify_identity_token(identity, facts=facts, now=now)
    return exchange_identity_token(verified, facts=facts, selector={}, now=now).token


def failed(token: str, *, later: timedelta = timedelta()) -> list[str]:
    inspection = inspect(token, caller=ALICE, now=clock.now() + later)
    assert [check.name for check in inspection.checks] == NAMES
    assert not inspection.accepted
    return [check.name for check in inspection.checks if check.outcome == "fail"]


def test_a_good_identity_token_passes_every_check(identity: str) -> None:
    inspection = inspect(identity, caller=ALICE, now=clock.now())
    assert [(check.name, check.outcome) for check in inspection.checks] == [(name, "pass") for name in NAMES]
    assert (inspection.accepted, inspection.because) == (True, "The identity token of web-1 is good.")


def test_a_good_iam_token_passes_every_check(iam: str) -> None:
    inspection = inspect(iam, caller=ALICE, now=clock.now())
    assert {check.outcome for check in inspection.checks} == {"pass"}
    assert (inspection.accepted, inspection.purpose) == (True, "iam")


def test_the_contents_of_a_token_are_shown(identity: str, server: BareMetalServer) -> None:
    inspection = inspect(identity, caller=ALICE, now=clock.now())
    assert inspection.header["alg"] == "RS256"
    assert inspection.claims["iaas"]["instanceID"] == server.id


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "." * 9000])
def test_what_is_no_token_fails_by_its_form_alone(text: str) -> None:
    assert failed(text) == ["Form"]


def test_a_changed_claim_fails_by_the_signature(identity: str) -> None:
    header, claims, signature = identity.split(".")
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert failed(f"{header}.{claims}.{other}") == ["Signature"]


def test_an_expired_token_fails_by_the_time_alone(identity: str) -> None:
    assert failed(identity, later=timedelta(minutes=6)) == ["Time"]


def test_a_token_of_another_issuer_names_no_key_of_the_deployment() -> None:
    header, claims = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im90aGVyIn0", "eyJleHAiOjF9"
    assert failed(f"{header}.{claims}.AAAA") == ["Key", "Time", "Server", "Purpose"]


def test_a_token_from_before_the_service_was_switched_off_fails_by_the_audience(
    identity: str, server: BareMetalServer
) -> None:
    for enabled in (False, True):
        switch_metadata_service(server, enabled=enabled, by=Party())
    assert failed(identity) == ["Audience"]


def test_a_token_of_a_server_that_is_switched_off_fails_by_the_server(identity: str, server: BareMetalServer) -> None:
    switch_metadata_service(server, enabled=False, by=Party())
    assert failed(identity) == ["Audience", "Server"]


def test_a_token_of_a_server_that_is_gone_says_so(identity: str, server: BareMetalServer) -> None:
    server.delete()
    assert failed(identity) == ["Server"]


def test_a_retiring_key_still_verifies_and_is_named_so(identity: str) -> None:
    rotate_now("identity", now=clock.now())
    [state] = [check for check in inspect(identity, caller=ALICE, now=clock.now()).checks if check.name == "Key state"]
    assert (state.outcome, state.reason) == ("pass", "retiring: it only verifies.")


def test_a_retired_key_does_not_verify(identity: str) -> None:
    rotate_now("identity", now=clock.now())
    KeyPair.objects.filter(state="retiring").update(state="retired")
    signing.key_cache.forget()
    assert failed(identity) == ["Key state"]


# --- What the caller may not read


NOT_TOLD = (
    "You are not authorized to see whether it is accepted: "
    "the server it is about does not exist, or you may not read it."
)
READER = Caller("IBMid-READER", ALICE.account_id, "Reader", "User")


def told(token: str, caller: Caller) -> tuple[bool | None, str, str]:
    """The verdict, and what the checks say of a server."""
    inspection = inspect(token, caller=caller, now=clock.now())
    return (
        inspection.accepted,
        inspection.because,
        next(check.reason for check in inspection.checks if check.name == "Server"),
    )


@pytest.mark.parametrize("caller", [MALLORY, READER], ids=["another account's", "one without a policy"])
def test_a_server_that_may_not_be_read_is_like_one_that_is_not_there(
    identity: str, server: BareMetalServer, caller: Caller
) -> None:
    there = told(identity, caller)
    switch_metadata_service(server, enabled=False, by=Party())
    off = told(identity, caller)
    server.delete()
    assert there == off == told(identity, caller)
    assert there[:2] == (None, NOT_TOLD)
    assert "web-1" not in " ".join(map(str, there))


@pytest.mark.parametrize("caller", [MALLORY, READER], ids=["another account's", "one without a policy"])
def test_a_forged_token_tells_nothing_of_the_server_that_it_names(server: BareMetalServer, caller: Caller) -> None:
    def forged(id: str) -> str:
        claims = {"iaas": {"instanceID": id, "accountID": caller.account_id}}
        return jwt.encode(claims, "a secret of mine, which is long enough", headers={"kid": "mine"})

    assert told(forged(server.id), caller) == told(forged("0717-none"), caller)


def test_an_iam_token_of_another_account_is_not_judged(iam: str, server: BareMetalServer) -> None:
    now = clock.now()
    verdict = inspect(iam, caller=MALLORY, now=now)
    server.delete()
    assert inspect(iam, caller=MALLORY, now=now) == verdict
    assert verdict.accepted is None


@pytest.mark.parametrize(
    ("services", "accepted"), [(["is"], None), (["iam-identity"], None), (["is", "iam-identity"], True)]
)
def test_an_iam_token_is_judged_for_a_reader_of_its_server_and_profile(
    world: World, iam: str, services: list[str], accepted: bool | None
) -> None:
    for service in services:
        create_policy(world.account, content=make_content(READER.iam_id, service=service), api_version="v1", by=Party())
    assert inspect(iam, caller=READER, now=clock.now()).accepted is accepted


def test_a_bad_signature_is_told_to_every_reader(identity: str) -> None:
    head, _, _ = identity.rpartition(".")
    assert inspect(f"{head}.AAAA", caller=MALLORY, now=clock.now()).accepted is False
