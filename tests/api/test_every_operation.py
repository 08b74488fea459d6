"""What holds for every operation that the OpenAPI document describes behind a token. No new route escapes."""

import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from controlplane.apidocs.permissions.table import permissions
from controlplane.kernel.caller import Caller
from tests.api.calling import call, caller_of
from tests.api.everything import CATALOG, PLACEHOLDER, Everything, stripped
from tests.docs.document import guarded_operations
from tests.world import ACCOUNT, ALICE, MALLORY, World
from trustedprofiles import deployment_administrator
from trustedprofiles.actions import OF_EVERY_CALLER

pytestmark = pytest.mark.thorough

GUARDED = guarded_operations()
ACTIONS = {each.operation.name: each.operation.action for each in permissions()}
TOLD = [each for each in GUARDED if each.method != "HEAD" and ACTIONS[str(each)] not in OF_EVERY_CALLER]
"""HEAD has no body, so a refusal says no more than its status; and some operations are refused to no caller."""
WITH_ID = [each for each in GUARDED if PLACEHOLDER.search(each.path)]
ONE_OF_EACH_ACTION = list({ACTIONS[str(each)]: each for each in reversed(TOLD)}.values())
EXPLAIN = settings.BAREMINT_PUBLIC_URL + "/_baremint/explain?"


@pytest.fixture
def alices(world: World, keys: None) -> Everything:
    return Everything(world.account, ALICE)


@pytest.fixture
def mallorys(world: World, keys: None) -> Everything:
    return Everything(world.other_account, MALLORY)


def explanation_of(answer: Any) -> str:
    """Where a refusal says that it is explained: each API has a place for it."""
    error = error_of(answer)
    return str(error.get("more_info") or error.get("details") or "")


def error_of(answer: Any) -> dict[str, Any]:
    """The only error of a refusal: the resource controller's is not in a list."""
    body = answer.json()
    [error] = body.get("errors", [body])
    return dict(error)


def follow(url: str, caller: Caller) -> Any:
    parts = urlsplit(url)
    return call("GET", f"{parts.path}?{parts.query}", caller=caller)


def test_every_refusal_links_to_its_explanation_which_tells_the_refused_caller_the_same(alices: Everything) -> None:
    victor = caller_of("iam-Profile-victor")
    for each in TOLD:
        answer = alices.perform(each, victor)
        url = explanation_of(answer)
        assert url.startswith(EXPLAIN), each
        explained = follow(url, victor)
        assert explained.status_code == 200, (each, explained.content)
        body = explained.json()
        assert (body["decision"], body["explanation"]) == ("deny", url), each
        assert body["because"] == error_of(answer)["message"], each


def test_what_an_explanation_offers_is_what_it_takes(alices: Everything) -> None:
    """The owner makes the policy that is offered; then the same URL says allow, and who only reads gets through."""
    for number, each in enumerate(ONE_OF_EACH_ACTION):
        if ACTIONS[str(each)] in deployment_administrator.ONCE_SHARED:
            continue  # there are two accounts, and no policy grants it
        victor = caller_of(f"iam-Profile-{number}")
        url = explanation_of(alices.perform(each, victor))
        request = follow(url, victor).json()["nearest"]["request"]
        answer = call(request["method"], request["path"], request["body"])
        assert answer.status_code == 201, (each, answer.content)
        explained = follow(url, victor).json()
        assert (explained["decision"], explained["decided_by"]["id"]) == ("allow", answer.json()["id"]), each
        if each.method == "GET":
            assert alices.perform(each, victor).status_code != 403, each


# --- other tenants ----------------------------------------------------------------------------------------------


READ_OF_AN_IDENTITY = ("GET", "/v1/profiles/{profile_id}/identities/{identity_type}/{identifier_id}")
"""IBM answers it with 400 where there is none."""


def missing_like(value: str) -> str:
    """An id of the same form that does not exist."""
    if value.startswith("IBMid-"):
        return "IBMid-UNKNOWN001"
    start, dash, _ = value.partition("-")
    if dash and len(start) < 20 and start.isascii() and value[len(start) + 1 :].count("-") == 4:
        return f"{start}-{uuid.uuid4()}"
    return uuid.uuid4().hex if value.count("-") == 0 else str(uuid.uuid4())


def test_mallory_cannot_tell_what_alice_has_from_what_does_not_exist(alices: Everything, mallorys: Everything) -> None:
    # D-18
    """Every path, at every place of an id in it: what comes before is her own."""
    compared, differences = 0, {}
    for each in WITH_ID:
        for place in PLACEHOLDER.finditer(each.path):
            template = each.path[: place.end()]
            if template in CATALOG or template == "/v3/tags/{tag_name}":
                continue
            rest = alices.path(each.path)[len(alices.path(template)) :]
            before = mallorys.path(template[: place.start()])
            foreign = alices.value(template)
            missing = missing_like(foreign)
            answers = [
                stripped(mallorys.perform(each, MALLORY, f"{before}{value}{rest}"), value)
                for value in (foreign, missing)
            ]
            compared += 1
            status = 400 if (each.method, template) == READ_OF_AN_IDENTITY else 404
            status = 501 if "501" in each.content["responses"] else status
            if answers[0] != answers[1] or answers[0][0] != status:
                differences[f"{each} {template}"] = answers
    assert differences == {}
    assert compared > len(WITH_ID) / 2


def test_a_tag_of_alices_reads_to_mallory_as_one_that_does_not_exist(alices: Everything) -> None:
    names = (alices.value("/v3/tags/{tag_name}"), "no-such-tag")
    answers = [stripped(call("DELETE", f"/v3/tags/{name}", caller=MALLORY), name) for name in names]
    assert answers[0] == answers[1]
    assert alices.call("GET", "/v3/tags").json()["total_count"] == 1


def test_listing_shows_mallory_nothing_of_alices(alices: Everything, mallorys: Everything) -> None:
    lists = [each for each in GUARDED if each.method == "GET" and not PLACEHOLDER.search(each.path)]
    assert lists
    for each in lists:
        text = mallorys.perform(each, MALLORY).content.decode()
        assert ACCOUNT not in text, each
        assert alices.server.id not in text, each
