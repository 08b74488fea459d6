"""Certificates of a server and their rotation, under ``/_baremint/bare_metal_servers/{id}``."""

from datetime import timedelta
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.crl import REASONS
from identity.models import CertificateRotation, IssuedCertificate
from identity.services.certificate_renewal import renew_due
from servers.models import BareMetalServer
from tests.api.calling import call, caller_of, refusal
from tests.api.vpc import errors
from tests.certified import issue, issue_before
from tests.policies import make_content
from tests.world import MALLORY, World, make_profile, make_server
from trustedprofiles.services.policies import create_policy

pytestmark = pytest.mark.usefixtures("keys")

BY = Party("IBMid-ALICE00001", "Alice", "User")
HOUR = timedelta(hours=1)


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


@pytest.fixture
def path(server: BareMetalServer) -> str:
    return f"/_baremint/bare_metal_servers/{server.id}"


def switch(path: str, enabled: Any, **who: Any) -> Any:
    return call("PUT", f"{path}/certificate_rotation", {"enabled": enabled}, **who)


def revoke(path: str, certificate: IssuedCertificate, body: Any = None, **who: Any) -> Any:
    return call("POST", f"{path}/certificates/{certificate.id}/revoke", {} if body is None else body, **who)


def someone(world: World, role: str) -> Any:
    profile = make_profile(world.account)
    create_policy(world.account, content=make_content(profile.iam_id, role), api_version="v1", by=BY)
    return caller_of(profile.iam_id)


# --- certificates -----------------------------------------------------------------------------------------------


def test_a_server_without_certificates_has_an_empty_list(path: str) -> None:
    body = call("GET", f"{path}/certificates").json()
    assert (body["certificates"], body["total_count"]) == ([], 0)


def test_a_certificate_is_shown_with_all_that_is_known_of_it(path: str, server: BareMetalServer) -> None:
    certificate = issue(server)
    [actual_certificate] = call("GET", f"{path}/certificates").json()["certificates"]
    assert (actual_certificate["id"], actual_certificate["status"], actual_certificate["serial_number"]) == (
        certificate.id,
        "valid",
        certificate.serial_number,
    )
    assert (actual_certificate["certificate"], actual_certificate["issuer"]) == (
        certificate.certificate,
        certificate.issuer.kid,
    )
    assert [
        actual_certificate[name] for name in ("renewal_of", "renewal_due_at", "revoked_at", "revocation_reason")
    ] == [None] * 4


def test_the_latest_come_first_page_by_page(path: str, server: BareMetalServer) -> None:
    certificate_ids = [issue(server).id for _ in range(5)]
    listed_ids: list[str] = []
    url = f"{path}/certificates?limit=2"
    while url:
        page = call("GET", url).json()
        assert (page["limit"], page["total_count"]) == (2, 5)
        listed_ids += [each["id"] for each in page["certificates"]]
        url = page.get("next", {}).get("href", "")
    assert listed_ids == certificate_ids[::-1]


def test_certificates_of_one_instant_are_paged_without_loss(path: str, server: BareMetalServer) -> None:
    now = clock.now()
    certificate_ids = {issue(server, now=now).id for _ in range(5)}
    first = call("GET", f"{path}/certificates?limit=3").json()
    second = call("GET", first["next"]["href"]).json()
    assert {each["id"] for page in (first, second) for each in page["certificates"]} == certificate_ids


def test_a_page_of_another_list_is_refused(path: str, server: BareMetalServer, world: World) -> None:
    for _ in range(2):
        issue(server)
    following = call("GET", f"{path}/certificates?limit=1").json()["next"]["href"]
    other = make_server(world.account, name="web-2")
    assert refusal(call("GET", following.replace(server.id, other.id))) == (400, "invalid_value")


def test_an_expired_certificate_is_shown_as_expired(path: str, server: BareMetalServer) -> None:
    certificate = issue_before(server, 2 * HOUR)
    assert call("GET", f"{path}/certificates/{certificate.id}").json()["status"] == "expired"


def test_a_renewal_names_what_it_took_the_place_of(path: str, server: BareMetalServer) -> None:
    certificate = issue(server)
    switch(path, True)
    renew_due(now=clock.now() + timedelta(minutes=41))
    renewed, old = call("GET", f"{path}/certificates").json()["certificates"]
    assert renewed["renewal_of"] == old["id"] == certificate.id


@pytest.mark.parametrize("on", [True, False])
def test_a_renewal_is_due_only_under_rotation(path: str, server: BareMetalServer, on: bool) -> None:
    issue(server)
    switch(path, on)
    [certificate] = call("GET", f"{path}/certificates").json()["certificates"]
    assert (certificate["renewal_due_at"] is not None) is on


def test_another_servers_certificate_is_not_found_here(path: str, world: World) -> None:
    other = make_server(world.account, name="web-2", metadata_enabled=True)
    assert refusal(call("GET", f"{path}/certificates/{issue(other).id}")) == (404, "not_found")


def test_looking_leaves_an_event(path: str, server: BareMetalServer) -> None:
    call("GET", f"{path}/certificates")
    event = ActivityEvent.objects.order_by("-pk")[0]
    assert (event.action, event.target_id) == ("baremint.certificate.list", server.crn)


# --- revocation -------------------------------------------------------------------------------------------------


def test_a_certificate_is_revoked_for_no_reason_in_particular(path: str, server: BareMetalServer) -> None:
    body = revoke(path, issue(server)).json()
    assert (body["status"], body["revocation_reason"]) == ("revoked", "unspecified")
    assert body["revoked_at"] is not None


@pytest.mark.parametrize("reason", REASONS)
def test_a_certificate_is_revoked_for(reason: str, path: str, server: BareMetalServer) -> None:
    assert revoke(path, issue(server), {"reason": reason}).json()["revocation_reason"] == reason


@pytest.mark.parametrize("reason", ["certificateHold", "removeFromCRL", "cACompromise", "because", 1, None])
def test_other_reasons_are_refused(reason: Any, path: str, server: BareMetalServer) -> None:
    certificate = issue(server)
    assert errors(revoke(path, certificate, {"reason": reason})) == [("invalid_value", "reason")]
    certificate.refresh_from_db()
    assert certificate.revoked_at is None


def test_revoking_again_answers_what_is_on_record(path: str, server: BareMetalServer) -> None:
    certificate = issue(server)
    first = revoke(path, certificate, {"reason": "superseded"}).json()
    again = revoke(path, certificate, {"reason": "keyCompromise"})
    assert (again.status_code, again.json()) == (200, first)


def test_an_expired_certificate_cannot_be_revoked(path: str, server: BareMetalServer) -> None:
    assert refusal(revoke(path, issue_before(server, 2 * HOUR))) == (409, "conflict")


# --- rotation ---------------------------------------------------------------------------------------------------


def test_renewal_of_certificates_is_off_by_default(path: str) -> None:
    assert call("GET", f"{path}/certificate_rotation").json() == {
        "enabled": False,
        "enabled_at": None,
        "next_renewal_at": None,
    }


def test_rotation_is_turned_on_and_off(path: str) -> None:
    assert switch(path, True).json()["enabled"] is True
    assert call("GET", f"{path}/certificate_rotation").json()["enabled"] is True
    assert switch(path, False).json()["enabled"] is False


def test_rotation_says_when_it_renews_next(path: str, server: BareMetalServer) -> None:
    certificate = issue(server)
    assert certificate.renew_at is not None
    assert switch(path, True).json()["next_renewal_at"] == f"{certificate.renew_at:%Y-%m-%dT%H:%M:%S}.000Z"


@pytest.mark.parametrize("enabled", [None, "true", 1])
def test_a_switch_is_true_or_false(path: str, enabled: Any) -> None:
    assert errors(switch(path, enabled)) == [("invalid_value", "enabled")]
    assert not CertificateRotation.objects.exists()


def test_a_switch_must_be_given(path: str) -> None:
    assert errors(call("PUT", f"{path}/certificate_rotation", {})) == [("missing_field", "enabled")]


def test_a_server_that_is_being_deleted_is_not_switched(path: str) -> None:
    BareMetalServer.objects.update(status="deleting")
    assert refusal(switch(path, True)) == (409, "server_status_conflict")


# --- who may ----------------------------------------------------------------------------------------------------

CALLS = [("GET", "/certificates"), ("GET", "/certificate_rotation")]


@pytest.mark.parametrize(("method", "tail"), CALLS)
def test_another_accounts_server_looks_like_none(path: str, method: str, tail: str) -> None:
    there = call(method, path + tail, caller=MALLORY)
    nowhere = call(method, f"/_baremint/bare_metal_servers/0717-unknown{tail}", caller=MALLORY)
    assert refusal(there) == refusal(nowhere) == (404, "not_found")
    assert there.json()["errors"] == nowhere.json()["errors"]


def test_another_account_revokes_and_switches_nothing(path: str, server: BareMetalServer) -> None:
    certificate = issue(server)
    assert refusal(revoke(path, certificate, caller=MALLORY)) == (404, "not_found")
    assert refusal(switch(path, True, caller=MALLORY)) == (404, "not_found")
    certificate.refresh_from_db()
    assert certificate.revoked_at is None
    assert not CertificateRotation.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("Viewer", 403), ("Operator", 403), ("Editor", 200)])
def test_who_may_look_may_not_yet_change(
    role: str, status: int, path: str, server: BareMetalServer, world: World
) -> None:
    caller, certificate = someone(world, role), issue(server)
    assert {call(*each, caller=caller).status_code for each in [(m, path + tail) for m, tail in CALLS]} == {200}
    assert switch(path, True, caller=caller).status_code == status
    assert revoke(path, certificate, caller=caller).status_code == status
