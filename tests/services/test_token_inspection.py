"""A token taken apart: what each check finds, and that the last word is the verifier's."""

from datetime import timedelta

import pytest

from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity import signing
from identity.models import KeyPair
from identity.services.iam_tokens import exchange_identity_token
from identity.services.identity_tokens import create_identity_token, verify_identity_token
from identity.services.inspection import inspect
from identity.services.rotation import rotate_now
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from servers.services.metadata_service import switch_metadata_service
from tests.world import World, make_profile, make_server

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
    found = inspect(token, now=clock.now() + later)
    assert [check.name for check in found.checks] == NAMES
    assert not found.accepted
    return [check.name for check in found.checks if check.outcome == "fail"]


def test_a_good_identity_token_passes_every_check(identity: str) -> None:
    found = inspect(identity, now=clock.now())
    assert [(check.name, check.outcome) for check in found.checks] == [(name, "pass") for name in NAMES]
    assert (found.accepted, found.because) == (True, "The identity token of web-1 is good.")


def test_so_does_a_good_iam_token(iam: str) -> None:
    found = inspect(iam, now=clock.now())
    assert {check.outcome for check in found.checks} == {"pass"}
    assert (found.accepted, found.purpose) == (True, "iam")


def test_its_contents_are_shown(identity: str, server: BareMetalServer) -> None:
    found = inspect(identity, now=clock.now())
    assert found.header["alg"] == "RS256"
    assert found.claims["iaas"]["instanceID"] == server.id


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "." * 9000])
def test_what_is_no_token_fails_by_its_form_alone(text: str) -> None:
    assert failed(text) == ["Form"]


def test_a_changed_claim_fails_by_the_signature(identity: str) -> None:
    header, claims, signature = identity.split(".")
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert failed(f"{header}.{claims}.{other}") == ["Signature"]


def test_an_expired_one_fails_by_the_time_alone(identity: str) -> None:
    assert failed(identity, later=timedelta(minutes=6)) == ["Time"]


def test_a_stranger_s_token_names_no_key_of_ours() -> None:
    header, claims = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im90aGVyIn0", "eyJleHAiOjF9"
    assert failed(f"{header}.{claims}.AAAA") == ["Key", "Time", "Server", "Purpose"]


def test_one_from_before_the_service_was_switched_off_fails_by_the_audience(
    identity: str, server: BareMetalServer
) -> None:
    for enabled in (False, True):
        switch_metadata_service(server, enabled=enabled, by=Party())
    assert failed(identity) == ["Audience"]


def test_one_of_a_server_that_is_switched_off_fails_by_the_server_too(identity: str, server: BareMetalServer) -> None:
    switch_metadata_service(server, enabled=False, by=Party())
    assert failed(identity) == ["Audience", "Server"]


def test_one_of_a_server_that_is_gone_says_so(identity: str, server: BareMetalServer) -> None:
    server.delete()
    assert failed(identity) == ["Audience", "Server"]


def test_a_retiring_key_still_verifies_and_is_named_so(identity: str) -> None:
    rotate_now("identity", now=clock.now())
    [state] = [check for check in inspect(identity, now=clock.now()).checks if check.name == "Key state"]
    assert (state.outcome, state.reason) == ("pass", "retiring: it only verifies.")


def test_a_retired_one_does_not(identity: str) -> None:
    rotate_now("identity", now=clock.now())
    KeyPair.objects.filter(state="retiring").update(state="retired")
    signing.keychain.forget()
    assert failed(identity) == ["Key state"]
