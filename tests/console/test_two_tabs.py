"""Two people, or two tabs, at one page of the console: the second to press undoes nothing unknowingly."""

import pytest
from django.test import Client

from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity.models import CertificateRotation, IssuedCertificate
from identity.services.certificate_renewal_switch import switch_certificate_rotation
from identity.services.revocation import revoke
from servers.models import BareMetalServer, Initialization
from servers.services.metadata_service import switch_metadata_service
from tests.certified import issue
from tests.forms import Form, form, forms_of, send
from tests.world import World, make_profile, make_server
from trustedprofiles.models import ClaimRule
from trustedprofiles.services.rules import RuleContent, create_rule

BY = Party("IBMid-BOB", "Bob", "User")
SCRIPT = {"HX-Request": "true"}
TOLD = "Nothing was changed, because the page was out of date"


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


def meanwhile(server: BareMetalServer, **switches: object) -> None:
    """Another user switches the service of a server."""
    switch_metadata_service(server, by=BY, **switches)  # type: ignore[arg-type]


def pressed(browser: Client, path: str, shown: Form, **button: str) -> str:
    answer = send(browser, path, shown, shown.button(**button))
    assert answer.status_code == 200
    return str(answer.content.decode())


def present(server: BareMetalServer) -> BareMetalServer:
    return BareMetalServer.objects.get(pk=server.pk)


def test_a_switch_on_a_stale_page_says_what_is_true_now(alice: Client, server: BareMetalServer) -> None:
    path = f"/servers/{server.id}"
    stale = form(alice, path, "server-form")
    meanwhile(server, enabled=True)
    page = pressed(alice, path, stale, name="protocol")
    assert TOLD in page
    assert "web-1 (metadata service: on, protocol: http)" in page
    assert present(server).metadata_protocol == "http"


def test_a_script_on_a_stale_page_is_told_and_loads_the_page_again(alice: Client, server: BareMetalServer) -> None:
    data = {**form(alice, f"/servers/{server.id}", "server-form").data(), "protocol": "https"}
    meanwhile(server, enabled=True)
    answer = alice.post(f"/servers/{server.id}/metadata", data, headers=SCRIPT)
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Trigger"]) == (409, "#alerts", "refresh")
    assert TOLD in answer.content.decode()


def test_a_switch_that_is_pressed_twice_is_switched_once(alice: Client, server: BareMetalServer) -> None:
    path = f"/servers/{server.id}"
    page_form = form(alice, path, "server-form")
    for _ in range(2):
        assert TOLD not in pressed(alice, path, page_form, name="enabled", id=f"metadata-{server.id}")
    assert present(server).metadata_enabled


def test_nothing_is_done_to_several_when_one_of_them_changed(
    alice: Client, server: BareMetalServer, world: World
) -> None:
    other = make_server(world.account, name="web-2")
    stale = form(alice, "/servers", "servers-form")
    meanwhile(server, enabled=True)
    server_ids = [server.id, other.id]
    page = send(
        alice, "/servers", stale, stale.button(name="action", value="https"), server=server_ids
    ).content.decode()
    assert TOLD in page
    assert "web-1 (metadata service: on" in page
    assert set(BareMetalServer.objects.values_list("metadata_protocol", flat=True)) == {"http"}


@pytest.mark.parametrize(
    ("leaf", "body"),
    [
        ("/metadata", {"enabled": "true"}),
        ("/metadata", {"protocol": "https"}),
        ("/actions", {"action": "stop"}),
        ("/certificates/rotation", {"enabled": "true"}),
        ("/initialization", {"image": "x"}),
    ],
)
def test_a_form_that_does_not_say_what_it_showed_changes_nothing(
    alice: Client, server: BareMetalServer, leaf: str, body: dict[str, str]
) -> None:
    answer = alice.post(f"/servers/{server.id}{leaf}", body, headers=SCRIPT)
    assert (answer.status_code, present(server).revision) == (409, server.revision)
    assert not CertificateRotation.objects.exists()


def test_the_switch_of_renewal_is_compared(alice: Client, server: BareMetalServer) -> None:
    path = f"/servers/{server.id}"
    switch_certificate_rotation(server, enabled=True, by=BY, now=clock.now())
    stale = form(alice, path, "server-form").data() | {"enabled": ["false"]}
    switch_certificate_rotation(server, enabled=False, by=BY, now=clock.now())
    switched_on = {**stale, "enabled": ["true"]}
    assert alice.post(f"{path}/certificates/rotation", switched_on, headers=SCRIPT).status_code == 409
    assert not CertificateRotation.objects.exists()


@pytest.mark.usefixtures("keys")
def test_a_certificate_that_was_revoked_meanwhile_is_not_revoked_again(alice: Client, server: BareMetalServer) -> None:
    meanwhile(server, enabled=True)
    certificate = issue(server)
    path = f"/servers/{server.id}"
    stale = form(alice, path, "server-form")
    revoke(certificate, reason="superseded", by=BY, now=clock.now())
    page = pressed(alice, path, stale, name="certificate", value=certificate.id)
    assert f"{certificate.serial_number} (state: revoked for superseded)" in page
    assert IssuedCertificate.objects.get().revocation_reason == "superseded"


def test_a_server_that_was_reinitialized_meanwhile_is_not_wiped_again(alice: Client, server: BareMetalServer) -> None:
    BareMetalServer.objects.update(status="stopped")
    path = f"/servers/{server.id}/initialization"
    stale = next(each for each in forms_of(alice, path) if each.attributes.get("action") == path)
    Initialization.objects.update(default_trusted_profile_id="Profile-other")
    assert TOLD in send(alice, path, stale).content.decode()
    assert Initialization.objects.get().default_trusted_profile_id == "Profile-other"


def test_a_rule_that_was_changed_is_not_deleted(alice: Client, world: World) -> None:
    profile = make_profile(world.account, name="reader")
    conditions = [{"claim": "name", "operator": "EQUALS", "value": "web-1"}]
    content = RuleContent(type="Profile-CR", cr_type="BMS", name="by name", conditions=conditions)
    rule = create_rule(profile, content=content, by=BY)
    path = f"/profiles/{profile.id}"
    stale = form(alice, path, "profile-form")
    ClaimRule.objects.update(conditions=[{**conditions[0], "value": "web-2"}])
    page = pressed(alice, path, stale, name="rule", value=rule.id)
    assert "by name (conditions: name EQUALS web-2)" in page
    assert ClaimRule.objects.exists()
