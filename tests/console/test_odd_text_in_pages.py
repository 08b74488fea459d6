"""No text that a browser sends makes a page fail: in its address, its query, a form, a cookie or a header."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.console.urls import urlpatterns
from servers.models import BareMetalServer
from tests.odd import ADDRESSES, ENCODED, NUL
from tests.world import World, make_profile, make_server

pytestmark = pytest.mark.thorough

QUERIES = {
    "/servers": ("q", "status", "metadata", "protocol", "zone", "sort", "page"),
    "/servers/table": ("q", "zone", "sort", "page"),
    "/profiles": ("page",),
    "/activity": ("q", "action", "outcome", "since", "before"),
    "/activity/list": ("q", "before"),
    "/activity/export": ("q", "action", "format"),
    "/explain": ("server", "action", "profile", "subject", "resource[region]", "identity_type"),
    "/login": ("next",),
    "/": ("next",),
}
FORMS: dict[str, tuple[str, ...]] = {
    "/login": ("username", "password", "next"),
    "/theme": ("theme", "next"),
    "/clock": ("move", "next"),
    "/keys/rotate": ("purpose", "region"),
    "/inspector": ("token",),
    "/servers/actions": ("server", "action", "next"),
    "/servers/new": ("name", "zone", "profile", "image", "subnet", "keys", "trusted_profile", "user_data"),
    "/servers/{server}/metadata": ("enabled", "protocol", "next"),
    "/servers/{server}/actions": ("action",),
    "/servers/{server}/initialization": ("image", "keys", "trusted_profile", "user_data"),
    "/servers/{server}/certificates/rotation": ("enabled",),
    "/servers/{server}/certificates/revoke": ("certificate", "reason"),
    "/servers/{server}/try": ("last",),
    "/profiles/{profile}/preview": ("claim-0", "operator-0", "value-0"),
    "/profiles/{profile}/rules": ("rule_name", "claim-0", "value-0"),
    "/profiles/{profile}/rules/delete": ("rule",),
    "/profiles/{profile}/links": ("server",),
    "/profiles/{profile}/links/delete": ("link",),
    "/learn/identity-token/begin": ("server",),
}
WITH_AN_ID = sorted({str(each.pattern) for each in urlpatterns if "<" in str(each.pattern)})


PLACE = re.compile(r"<[^>]+>")


def failures(answers: Mapping[str, Any]) -> dict[str, bytes]:
    """What was sent that is answered as the product's own fault."""
    return {data[:100]: answer.content[:200] for data, answer in answers.items() if answer.status_code >= 500}


@pytest.fixture
def browser(alice: Client) -> Client:
    """Alice's; what fails is answered, not raised."""
    alice.raise_request_exception = False
    return alice


@pytest.fixture
def places(world: World) -> dict[str, str]:
    server = make_server(world.account, name="web-1")
    return {"server": server.id, "profile": make_profile(world.account, name="reader").id}


@pytest.mark.parametrize("path", QUERIES)
def test_no_text_of_a_query_makes_a_page_fail(browser: Client, path: str) -> None:
    queries = [f"{name}={value}" for value in ENCODED.values() for name in (*QUERIES[path], value)]
    assert failures({each: browser.get(f"{path}?{each}") for each in queries}) == {}


@pytest.mark.parametrize("path", WITH_AN_ID)
def test_no_text_in_its_address_makes_a_page_fail(browser: Client, path: str) -> None:
    for call in (browser.get, browser.post):
        filled = {value: PLACE.sub(lambda _, value=value: value, f"/{path}") for value in ENCODED.values()}
        assert failures({value: call(address) for value, address in filled.items()}) == {}


@pytest.mark.parametrize("path", FORMS)
def test_no_text_of_a_form_makes_a_page_fail(browser: Client, places: dict[str, str], path: str) -> None:
    forms = [f"{name}={value}" for value in ENCODED.values() for name in FORMS[path]]
    forms += ["&".join(f"{name}={value}" for name in FORMS[path]) for value in ENCODED.values()]
    address, kind = path.format(**places), "application/x-www-form-urlencoded"
    assert failures({each: browser.post(address, each, content_type=kind) for each in forms}) == {}


def test_a_refused_form_with_nul_leaves_its_event(browser: Client, places: dict[str, str]) -> None:
    browser.post("/keys/rotate", {"purpose": f"a{NUL}b" * 200})
    event = ActivityEvent.objects.get(action="baremint.key.rotate")
    assert (event.outcome, event.target_id[:3]) == ("failure", "a\N{REPLACEMENT CHARACTER}b")


@pytest.mark.parametrize("header", ["Referer", "HX-Current-URL", "User-Agent", "If-None-Match", "Accept", "Origin"])
@pytest.mark.parametrize("value", ADDRESSES)
def test_no_header_makes_a_page_fail(browser: Client, header: str, value: str) -> None:
    answers = [
        browser.post("/theme", headers={header: value}),
        browser.get("/servers", headers={header: value}),
        Client().get("/servers/table", headers={"HX-Request": "true", header: value}),
    ]
    assert max(each.status_code for each in answers) < 500


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "baremint_theme"])
def test_no_cookie_makes_a_page_fail(world: World, name: str) -> None:
    """A quoted cookie may write any character as three digits."""
    answer = Client(raise_request_exception=False).get("/servers", headers={"Cookie": f'{name}="\\000abcdefgh\\377"'})
    assert answer.status_code == 302


@pytest.mark.parametrize("word", ["web", "web-1", "10.240", "10.240.0.", "1", "::1", "10.240.0.256", "10.240.0.4/24"])
def test_any_word_is_searched_for(browser: Client, places: dict[str, str], word: str) -> None:
    assert browser.get(f"/servers?q={word}").status_code == 200


def test_a_server_is_found_by_its_whole_address(browser: Client, places: dict[str, str]) -> None:
    server: Any = BareMetalServer.objects.get(id=places["server"])
    [interface] = server.network_interfaces.all()
    assert "web-1" in browser.get(f"/servers/table?q={interface.primary_ip.address}").content.decode()


@pytest.mark.parametrize("before", ["0" * 30 + "1", "1" * 5_000, "\N{SUPERSCRIPT TWO}", "+1", " 1"])
def test_a_number_of_no_event_begins_the_list_from_the_start(browser: Client, before: str) -> None:
    assert browser.get("/activity/list", {"before": before}).status_code == 200
