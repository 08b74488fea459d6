"""One server: its switches, what is done to it, what it holds, who trusts it."""

from copy import copy
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from controlplane.activity.events import IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.console.presenters.event_lineage import calls_before
from controlplane.kernel import clock
from controlplane.kernel.live_credentials import Alive
from identity import csr
from identity.live_credentials import ended_by_switching_off
from identity.models import IssuedCertificate
from identity.services.certificates import create_certificate
from identity.services.iam_tokens import exchange_identity_token
from identity.services.identity_tokens import create_identity_token, verify_identity_token
from servers.facts import facts_of
from servers.form_snapshot import switches_shown
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from tests.build import make_csr
from tests.forms import as_shown
from tests.world import World, make_profile, make_server
from trustedprofiles.services.rules import RuleContent, create_rule

pytestmark = pytest.mark.usefixtures("keys")

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(
        world.account, name="web-1", metadata_enabled=True, profile=make_profile(world.account, name="reader")
    )


def path(server: BareMetalServer, leaf: str = "") -> str:
    return f"/servers/{server.id}{leaf}"


def shown(browser: Client, where: str) -> str:
    answer = browser.get(where)
    assert answer.status_code == 200
    return answer.content.decode()


def use(server: BareMetalServer) -> None:
    """A program on the server gets an identity token, an IAM token and a certificate."""
    row = server_by_number(server.number)
    assert row
    facts, now = facts_of(row), clock.now()
    token = create_identity_token(facts, lifetime=timedelta(hours=1), nonce=None, now=now).token
    exchange_identity_token(verify_identity_token(token, facts=facts, now=now), facts=facts, selector={}, now=now)
    create_certificate(csr.check(make_csr()), facts=facts, lifetime=timedelta(days=3, minutes=1), now=now)


def seen(server: BareMetalServer) -> dict[str, list[str]]:
    return as_shown(switches_shown(server))


def enabled(server: BareMetalServer) -> bool:
    return BareMetalServer.objects.get(pk=server.pk).metadata_enabled


# --- Switches -------------------------------------------------------------------------------------------------


def test_switching_on_applies_at_once(alice: Client, world: World) -> None:
    server = make_server(world.account, name="db-1")
    answer = alice.post(path(server, "/metadata"), {"enabled": "true", **seen(server)}, headers=SCRIPT)
    assert (answer.status_code, answer["HX-Trigger"], enabled(server)) == (204, "refresh", True)


def test_switching_off_applies_at_once_when_nothing_dies_of_it(alice: Client, server: BareMetalServer) -> None:
    alice.post(path(server, "/metadata"), {"enabled": "false", **seen(server)}, headers=SCRIPT)
    assert not enabled(server)


def test_switching_off_asks_whenever_credentials_die_of_it_and_says_how_many(
    alice: Client, server: BareMetalServer
) -> None:
    use(server)
    IssuedCertificate.objects.update(created_at=clock.now() - timedelta(days=1))  # not a moment ago
    answer = alice.post(path(server, "/metadata"), {"enabled": "false", **seen(server)}, headers=SCRIPT)
    assert answer["HX-Retarget"] == "#dialog"
    assert "This ends 1 identity token and 1 certificate" in answer.content.decode()
    assert "new tokens and certificates are refused, at once" in answer.content.decode()
    assert enabled(server)


def test_the_page_tells_which_credentials_ended(alice: Client, server: BareMetalServer) -> None:
    use(server)
    body = {"enabled": "false", "confirmed": "yes", **seen(server)}
    answer = alice.post(path(server, "/metadata"), body, headers=SCRIPT)
    assert unquote(answer["X-Announcement"]) == "Switched off: web-1. Ended: 1 identity token and 1 certificate."


def test_another_protocol_ends_nothing_and_is_not_asked_about(alice: Client, server: BareMetalServer) -> None:
    use(server)
    before = ended_by_switching_off(BareMetalServer.objects.all(), now=clock.now())
    assert (
        alice.post(path(server, "/metadata"), {"protocol": "https", **seen(server)}, headers=SCRIPT).status_code == 204
    )
    assert ended_by_switching_off(BareMetalServer.objects.all(), now=clock.now()) == before == Alive(1, 0, 1)


def test_deleting_says_what_ends_with_the_server(alice: Client, server: BareMetalServer) -> None:
    use(server)
    BareMetalServer.objects.update(status="stopped")
    page = alice.post(path(server, "/actions"), {"action": "delete", **seen(server)}).content.decode()
    assert "It ends 1 identity token, 1 IAM token and 1 certificate" in page


def test_an_answered_question_switches_off(alice: Client, server: BareMetalServer) -> None:
    use(server)
    alice.post(path(server, "/metadata"), {"enabled": "false", "confirmed": "yes", **seen(server)}, headers=SCRIPT)
    assert not enabled(server)


def test_without_a_script_the_question_is_a_page_and_the_answer_leads_back(
    alice: Client, server: BareMetalServer
) -> None:
    use(server)
    page = alice.post(path(server, "/metadata"), {"enabled": "false", **seen(server)}).content.decode()
    assert '<main id="main"' in page
    assert "Switch off the metadata service of web-1?" in page
    body = {"enabled": "false", "confirmed": "yes", "next": "/servers", **seen(server)}
    assert alice.post(path(server, "/metadata"), body)["Location"] == "/servers"


def test_the_protocol_is_switched(alice: Client, server: BareMetalServer) -> None:
    alice.post(path(server, "/metadata"), {"protocol": "https", **seen(server)}, headers=SCRIPT)
    assert BareMetalServer.objects.get(pk=server.pk).metadata_protocol == "https"


@pytest.mark.parametrize(
    "body", [{}, {"enabled": "maybe"}, {"protocol": "ftp"}, {"enabled": "true", "protocol": "http"}]
)
def test_a_switch_that_says_nothing_clear_does_nothing(
    alice: Client, server: BareMetalServer, body: dict[str, str]
) -> None:
    assert alice.post(path(server, "/metadata"), body, headers=SCRIPT).status_code == 400


def test_a_switch_leaves_the_event_that_the_rest_api_leaves(alice: Client, server: BareMetalServer) -> None:
    alice.post(path(server, "/metadata"), {"protocol": "https", **seen(server)}, headers=SCRIPT)
    event = ActivityEvent.objects.get(action="is.bare-metal-server.bare-metal-server.update")
    assert (event.initiator_id, event.target_id) == ("IBMid-ALICE00001", server.crn)
    assert event.data == {"metadata_service": {"enabled": True, "protocol": "https"}}


def test_a_viewer_switches_nothing(victor: Client, server: BareMetalServer) -> None:
    answer = victor.post(path(server, "/metadata"), {"enabled": "false", **seen(server)}, headers=SCRIPT)
    assert (answer.status_code, answer["HX-Retarget"], enabled(server)) == (403, "#alerts", True)


def test_an_operator_switches_the_metadata_service(olga: Client, server: BareMetalServer) -> None:
    olga.post(path(server, "/metadata"), {"enabled": "false", **seen(server)}, headers=SCRIPT)
    assert not enabled(server)


def test_another_accounts_server_is_not_there(alice: Client, world: World) -> None:
    theirs = make_server(world.other_account, name="theirs", metadata_enabled=True)
    assert alice.get(path(theirs)).status_code == 404
    assert alice.post(path(theirs, "/metadata"), {"enabled": "false"}).status_code == 404
    assert enabled(theirs)


# --- What is done to it ---------------------------------------------------------------------------------------


def test_a_server_is_stopped(alice: Client, server: BareMetalServer) -> None:
    alice.post(path(server, "/actions"), {"action": "stop", **seen(server)}, headers=SCRIPT)
    assert BareMetalServer.objects.get(pk=server.pk).transition in ("stop", "")
    assert ActivityEvent.objects.filter(action="is.bare-metal-server.bare-metal-server.stop").exists()


def test_what_its_status_forbids_is_told(alice: Client, server: BareMetalServer) -> None:
    answer = alice.post(path(server, "/actions"), {"action": "start", **seen(server)}, headers=SCRIPT)
    assert (answer.status_code, "must be stopped" in answer.content.decode()) == (409, True)


def test_deleting_asks_first(alice: Client, server: BareMetalServer) -> None:
    BareMetalServer.objects.update(status="stopped")
    answer = alice.post(path(server, "/actions"), {"action": "delete", **seen(server)}, headers=SCRIPT)
    assert (answer["HX-Retarget"], "Delete web-1?" in answer.content.decode()) == ("#dialog", True)
    alice.post(path(server, "/actions"), {"action": "delete", "confirmed": "yes", **seen(server)}, headers=SCRIPT)
    assert not BareMetalServer.objects.filter(pk=server.pk).exclude(status="deleting").exists()


def test_an_unknown_action_is_refused(alice: Client, server: BareMetalServer) -> None:
    assert alice.post(path(server, "/actions"), {"action": "explode"}, headers=SCRIPT).status_code == 400


# --- What it holds --------------------------------------------------------------------------------------------


def test_the_page_of_a_server_shows_the_tokens_that_are_alive(alice: Client, server: BareMetalServer) -> None:
    use(server)
    page = shown(alice, path(server, "/holdings"))
    assert (page.count("Identity token</td>"), page.count("IAM token</td>")) == (1, 1)


def test_identity_tokens_from_before_a_switching_off_are_dead_and_iam_tokens_live(
    alice: Client, server: BareMetalServer
) -> None:
    use(server)
    alice.post(path(server, "/metadata"), {"enabled": "false", "confirmed": "yes", **seen(server)}, headers=SCRIPT)
    page = shown(alice, path(server, "/holdings"))
    assert (page.count("Identity token</td>"), page.count("IAM token</td>")) == (0, 1)


def test_a_token_that_is_alive_is_shown_however_many_ended_since(alice: Client, server: BareMetalServer) -> None:
    use(server)
    repeat(server, IDENTITY_TOKEN_CREATE, 60, exp=0)
    assert "Identity token</td>" in shown(alice, path(server, "/holdings"))


def test_the_issue_of_a_token_is_found_however_many_others_followed(server: BareMetalServer) -> None:
    use(server)
    exchange = ActivityEvent.objects.get(action=METADATA_LOGIN)
    repeat(server, METADATA_LOGIN, 600, jti="another")
    lineage = {"token": exchange.data["jti"], "server": server.crn}
    event = ActivityEvent.objects.create(
        action="is.vpc.vpc.list", outcome="success", reason_code=200, time=clock.now(), account_id=server.account_id,
        data={"lineage": lineage},
    )  # fmt: skip
    assert [each.action for each in calls_before(event)] == [IDENTITY_TOKEN_CREATE, METADATA_LOGIN, event.action]


def test_a_list_of_tokens_that_is_not_all_says_so(alice: Client, server: BareMetalServer) -> None:
    use(server)
    assert "There are more than these." not in shown(alice, path(server, "/holdings"))
    repeat(server, IDENTITY_TOKEN_CREATE, 60)
    page = shown(alice, path(server, "/holdings"))
    assert '<span class="count">50+</span>' in page
    assert "There are more than these." in page


def repeat(server: BareMetalServer, action: str, times: int, **changes: Any) -> None:
    """So many further events as the latest of this action, with these changes of its data."""
    latest = ActivityEvent.objects.filter(action=action, target_id=server.crn).latest("id")
    latest.pk, latest.data = None, {**latest.data, **changes}
    ActivityEvent.objects.bulk_create(copy(latest) for _ in range(times))


def test_the_page_of_a_server_shows_certificates_with_their_chain_and_the_days_left(
    alice: Client, server: BareMetalServer
) -> None:
    use(server)
    page = shown(alice, path(server, "/holdings"))
    assert ">3 d</time>" in page
    assert "Baremint Identity CA us-south 1" in page
    assert "Baremint Root CA us-south" in page


def test_the_page_of_a_server_shows_which_profiles_trust_it_and_why(
    alice: Client, server: BareMetalServer, world: World
) -> None:
    described = make_profile(world.account, name="by-zone")
    condition = {"claim": "zone", "operator": "EQUALS", "value": f'"{server.zone}"'}
    content = RuleContent(type="Profile-CR", cr_type="BMS", name="our zone", conditions=[condition])
    create_rule(described, content=content, by=Party())
    make_profile(world.account, name="outsider")
    page = shown(alice, path(server, "/holdings"))
    assert "names this server" in page
    assert "(our zone) holds" in page
    assert "outsider" not in page


def test_no_page_shows_a_token(alice: Client, server: BareMetalServer) -> None:
    use(server)
    assert "eyJ" not in shown(alice, path(server)) + shown(alice, path(server, "/holdings"))


def test_a_name_is_only_a_name(alice: Client, world: World) -> None:
    profile = make_profile(world.account, name="<script>alert(1)</script>")
    server = make_server(world.account, name="web-9", profile=profile)
    for where in ("/servers", path(server)):
        page = shown(alice, where)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page
