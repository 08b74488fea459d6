"""Refusals lead to their explanation: from the API in a browser, from events, and in the lesson that asks why."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from controlplane.activity.events import METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party, record
from controlplane.console.lessons.lesson import Evidence, LessonRun, LessonServer, evaluate
from controlplane.console.lessons.policy import LESSON
from servers.models import BareMetalServer
from tests.api.calling import call, caller_of
from tests.policies import attribute, make_content
from tests.world import ACCOUNT, World, make_profile, make_server
from trustedprofiles.models import TrustedProfile
from trustedprofiles.services.policies import create_policy

SERVERS = "/v1/bare_metal_servers?version=2025-08-26&generation=2"
LINK = re.compile(r'href="(/explain\?[^"]+)"')


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account, name="victor")


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


def refuse(iam_id: str) -> str:
    """A call of the VPC API that policies refuse, and where it is explained, as path and query."""
    [error] = call("GET", SERVERS, caller=caller_of(iam_id)).json()["errors"]
    parts = urlsplit(str(error["more_info"]))
    return f"{parts.path}?{parts.query}"


def test_more_info_opens_in_a_browser_and_is_json_for_a_program(alice: Client, profile: TrustedProfile) -> None:
    where = refuse(profile.iam_id)
    page = alice.get(where, follow=True)
    assert (page.status_code, page.redirect_chain[0][0].partition("?")[0]) == (200, "/explain")
    assert "Denied" in page.content.decode()
    assert call("GET", where, Accept="*/*").json()["decision"] == "deny"
    assert call("GET", where, Accept="application/json, text/html").json()["decision"] == "deny"


def test_a_policy_of_an_access_group_is_shown_with_its_group(
    alice: Client, world: World, profile: TrustedProfile
) -> None:
    content = make_content(subject=[attribute("access_group_id", "AccessGroupId-PublicAccess")])
    create_policy(world.account, content=content, api_version="v1", by=Party())
    where = f"/explain?subject={profile.iam_id}&action=is.vpc.vpc.list"
    assert alice.get(where).content.decode().count("of access group Public Access") == 3


def test_an_unauthenticated_visitor_is_led_to_the_question_by_the_login(
    client: Client, profile: TrustedProfile
) -> None:
    answer = client.get(refuse(profile.iam_id), headers={"Accept": "text/html"}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login?next=/explain%3Fsubject")


@pytest.mark.parametrize("where", ["/", "/activity", "the event"])
def test_what_was_refused_links_to_its_explanation(alice: Client, profile: TrustedProfile, where: str) -> None:
    refuse(profile.iam_id)
    event = ActivityEvent.objects.get(outcome="failure")
    path = f"/activity/{event.pk}" if where == "the event" else where
    [link] = LINK.findall(alice.get(path).content.decode())
    page = alice.get(unescape(link)).content.decode()
    assert "Denied" in page
    assert profile.iam_id in page


def test_what_no_decision_refused_links_to_none(alice: Client, world: World) -> None:
    assert call("GET", SERVERS.replace("?", "/0717-none?")).status_code == 404
    assert not LINK.findall(alice.get("/activity").content.decode())


def test_a_question_on_the_page_leaves_the_event_that_the_api_leaves(alice: Client, nora: Client, world: World) -> None:
    alice.get("/explain?action=is.vpc.vpc.list")
    nora.get("/explain?subject=IBMid-ALICE00001&action=is.vpc.vpc.list")
    nora.get("/explain")
    rows = ActivityEvent.objects.filter(action="iam-am.explanation.read").order_by("pk")
    assert [(row.initiator_name, row.target_id, row.outcome) for row in rows] == [
        ("alice", "IBMid-ALICE00001", "success"),
        ("nora", "IBMid-ALICE00001", "failure"),
    ]


def test_asking_why_in_the_console_counts_in_the_lesson(
    alice: Client, profile: TrustedProfile, server: BareMetalServer
) -> None:
    at = LessonServer(id=server.id, name=server.name, crn=server.crn, url="", region=server.region)
    place = LessonRun(at, ACCOUNT, "http://127.0.0.1:8000", "/ca.pem", profile.name, "learner-1")
    data: dict[str, Any] = {"profile_id": profile.id}
    record(METADATA_LOGIN, initiator=Party(), target=Party(server.crn), account_id=ACCOUNT, data=data)
    where = refuse(profile.iam_id)
    before = evaluate(LESSON, Evidence(place, ActivityEvent.objects.order_by("pk")))
    alice.get(where, follow=True)
    after = evaluate(LESSON, Evidence(place, ActivityEvent.objects.order_by("pk")))
    assert (list(before), list(after)) == (["became", "refused"], ["became", "refused", "explained"])
