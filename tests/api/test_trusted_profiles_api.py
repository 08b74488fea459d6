"""``/v1/profiles`` and their links, as the IAM identity API answers."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from tests.api.calling import call, caller_of, refusal
from tests.build import FACTS
from tests.policies import make_content
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import ProfileLink, TrustedProfile
from trustedprofiles.services.links import create_link
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
MINUTES = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\+0000")
CREATION = {"name": "web", "account_id": ACCOUNT}
BMS_LINK = {"cr_type": "BMS", "link": {"crn": FACTS.crn}}


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account, name="victor")


@pytest.fixture
def path(profile: TrustedProfile) -> str:
    return f"/v1/profiles/{profile.id}"


@pytest.fixture
def link(profile: TrustedProfile) -> ProfileLink:
    return create_link(profile, cr_type="BMS", crn=FACTS.crn, by=BY)


def granted(profile: TrustedProfile, *roles: str, service: str = "iam-identity", **changes: Any) -> Caller:
    """The profile itself as a caller, with these roles."""
    content = make_content(profile.iam_id, *roles, service=service, **changes)
    create_policy(profile.account, content=content, api_version="v1", by=BY)
    return caller_of(profile.iam_id)


def last_event() -> ActivityEvent:
    return ActivityEvent.objects.order_by("-pk")[0]


# --- create and read ----------------------------------------------------------------------------------------------


def test_a_profile_is_created(world: World) -> None:
    answer = call("POST", "/v1/profiles", CREATION | {"description": "d", "email": "web@example.com"})
    body = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"Profile-[0-9a-f-]{36}", body["id"])
    assert body["iam_id"] == f"iam-{body['id']}"
    assert body["crn"] == f"crn:v1:bluemix:public:iam-identity::a/{ACCOUNT}::profile:{body['id']}"
    assert (body["name"], body["description"], body["email"]) == ("web", "d", "web@example.com")


def test_dates_have_the_precision_of_minutes(world: World) -> None:
    body = call("POST", "/v1/profiles", CREATION).json()
    assert MINUTES.fullmatch(body["created_at"])
    assert MINUTES.fullmatch(body["modified_at"])


def test_optional_members_without_a_value_are_left_out(world: World) -> None:
    assert not {"description", "email"} & call("POST", "/v1/profiles", CREATION).json().keys()


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_the_entity_tag_is_also_a_header(path: str, method: str) -> None:
    body = {"POST": CREATION, "GET": None, "PUT": {"description": "new"}}[method]
    answer = call(method, "/v1/profiles" if method == "POST" else path, body, If_Match="*")
    assert answer.headers["ETag"] == answer.json()["entity_tag"]
    assert re.fullmatch(r"\d+-[0-9a-f]{32}", answer.headers["ETag"])


REFUSED_CREATIONS: dict[str, Any] = {
    "no-name": {"account_id": ACCOUNT},
    "no-account": {"name": "web"},
    "an-empty-name": CREATION | {"name": ""},
    "a-blank-name": CREATION | {"name": "   "},
    "a-number-for-a-name": CREATION | {"name": 5},
    "null-for-a-name": CREATION | {"name": None},
    "a-name-of-256": CREATION | {"name": "n" * 256},
    "a-name-with-nul": CREATION | {"name": "a\0b"},
    "a-description-of-1001": CREATION | {"description": "d" * 1001},
    "a-list-for-a-description": CREATION | {"description": ["d"]},
    "no-email": CREATION | {"email": "nobody"},
    "an-email-that-is-too-long": CREATION | {"email": f"{'a' * 280}@b.example"},
    "another-account": CREATION | {"account_id": OTHER_ACCOUNT},
    "an-account-that-is-none": CREATION | {"account_id": "invalid"},
    "an-id": CREATION | {"id": "Profile-mine"},
    "an-iam-id": CREATION | {"iam_id": "IBMid-ALICE00001"},
    "a-date": CREATION | {"created_at": "2020-01-01T00:00+0000"},
    "a-list": [],
    "a-text": "profile",
    "not-json": b"{",
    "the-name-twice": b'{"name": "a", "name": "b", "account_id": "%s"}' % ACCOUNT.encode(),
    "deep-brackets": b"[" * 1000,
}


@pytest.mark.parametrize("body", REFUSED_CREATIONS.values(), ids=REFUSED_CREATIONS.keys())
def test_a_creation_is_refused_and_nothing_is_made(world: World, body: Any) -> None:
    assert call("POST", "/v1/profiles", body).status_code == 400
    assert not TrustedProfile.objects.exists()


def test_a_name_that_is_taken_conflicts(path: str) -> None:
    answer = call("POST", "/v1/profiles", CREATION | {"name": "victor"})
    assert refusal(answer) == (409, "conflict")
    assert "Choose another name" in answer.json()["errors"][0]["message"]


def test_a_refusal_comes_in_the_identity_apis_envelope(world: World) -> None:
    body = call("POST", "/v1/profiles", {}, X_Request_Id="r-1").json()
    assert body["status_code"] == "400"
    assert body["trace"] == body["context"]["transaction_id"] == "r-1"
    assert body["context"]["operation"] == "POST /v1/profiles"
    assert {"code", "message_code", "message", "details"} == body["errors"][0].keys()


# --- update and delete --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["*", "current", '"current"'])
def test_an_update_with_the_entity_tag_is_made(profile: TrustedProfile, path: str, tag: str) -> None:
    answer = call("PUT", path, {"description": "new"}, If_Match=tag.replace("current", profile.entity_tag))
    assert (answer.status_code, answer.json()["description"]) == (200, "new")


def test_an_update_with_a_stale_entity_tag_is_refused(profile: TrustedProfile, path: str) -> None:
    stale = profile.entity_tag
    call("PUT", path, {"description": "first"}, If_Match=stale)
    assert refusal(call("PUT", path, {"description": "second"}, If_Match=stale)) == (412, "precondition_failed")
    assert TrustedProfile.objects.get().description == "first"


def test_an_update_without_an_entity_tag_is_refused(path: str) -> None:
    assert refusal(call("PUT", path, {"description": "new"})) == (400, "missing_value")


def test_an_empty_description_and_email_clear_them(path: str) -> None:
    call("PUT", path, {"description": "d", "email": "v@example.com"}, If_Match="*")
    body = call("PUT", path, {"description": "", "email": ""}, If_Match="*").json()
    assert not {"description", "email"} & body.keys()


@pytest.mark.parametrize(
    "body",
    [{"name": ""}, {"name": None}, {"account_id": OTHER_ACCOUNT}, {"id": "Profile-x"}, {"entity_tag": "1-x"}],
    ids=["empty-name", "null-name", "account", "id", "entity-tag"],
)
def test_an_update_is_refused_and_nothing_changes(path: str, body: Any) -> None:
    assert call("PUT", path, body, If_Match="*").status_code == 400
    assert TrustedProfile.objects.get().revision == 1


def test_a_deleted_profile_is_gone(path: str) -> None:
    answer = call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert refusal(call("GET", path)) == (404, "not_found")


UNKNOWN = ("GET", "PUT", "DELETE")


@pytest.mark.parametrize("method", UNKNOWN)
def test_an_unknown_profile_is_not_found_whatever_the_entity_tag(world: World, method: str) -> None:
    body = {"description": "x"} if method == "PUT" else None
    assert refusal(call(method, "/v1/profiles/Profile-unknown", body, If_Match="junk")) == (404, "not_found")


# --- list ---------------------------------------------------------------------------------------------------------


def listed(query: str = "", **options: Any) -> Any:
    return call("GET", f"/v1/profiles?account_id={ACCOUNT}{query}", **options)


def names(answer: Any) -> list[str]:
    return [each["name"] for each in answer.json()["profiles"]]


@pytest.fixture
def five(world: World) -> list[str]:
    made = ["delta", "alpha", "echo", "bravo", "charlie"]
    for name in made:
        make_profile(world.account, name=name)
    return made


def test_profiles_are_listed_oldest_first(five: list[str]) -> None:
    assert names(listed()) == five


def test_a_list_says_its_limits(five: list[str]) -> None:
    body = listed().json()
    assert (body["limit"], body["offset"]) == (20, 0)
    assert "next" not in body
    assert "previous" not in body


def test_pages_follow_each_other_until_there_is_no_next(five: list[str]) -> None:
    answer, seen = listed("&pagesize=2"), []
    while True:
        seen.append(names(answer))
        if "next" not in answer.json():
            break
        answer = call("GET", answer.json()["next"])
    assert seen == [five[:2], five[2:4], five[4:]]


def test_the_previous_page_leads_back(five: list[str]) -> None:
    second = call("GET", listed("&pagesize=2").json()["next"])
    assert names(call("GET", second.json()["previous"])) == five[:2]


def test_links_carry_the_page_token_as_a_query_parameter(five: list[str]) -> None:
    query = parse_qs(urlsplit(listed("&pagesize=2&sort=name").json()["next"]).query)
    assert query.keys() == {"account_id", "pagesize", "pagetoken", "sort"}


def page_token(query: str) -> str:
    return str(parse_qs(urlsplit(listed(f"&pagesize=2{query}").json()["next"]).query)["pagetoken"][0])


def test_a_page_token_of_another_query_is_refused(five: list[str]) -> None:
    assert refusal(listed(f"&pagesize=2&pagetoken={page_token('&sort=name')}")) == (400, "invalid_value")


def test_a_page_token_of_another_account_is_refused(five: list[str]) -> None:
    stolen = page_token("")
    answer = call("GET", f"/v1/profiles?account_id={OTHER_ACCOUNT}&pagesize=2&pagetoken={stolen}", caller=MALLORY)
    assert refusal(answer) == (400, "invalid_value")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&sort=name", ["alpha", "bravo", "charlie", "delta", "echo"]),
        ("&sort=name&order=desc", ["echo", "delta", "charlie", "bravo", "alpha"]),
        ("&order=desc", ["charlie", "bravo", "echo", "alpha", "delta"]),
        ("&name=echo", ["echo"]),
        ("&name=nobody", []),
        ("&include_history=true", ["delta", "alpha", "echo", "bravo", "charlie"]),
    ],
)
def test_a_list_is_sorted_and_filtered(five: list[str], query: str, expected: list[str]) -> None:
    assert names(listed(query)) == expected


@pytest.mark.parametrize(
    "query",
    ["pagesize=0", "pagesize=101", "pagesize=x", "pagetoken=x", "sort=id", "order=up", "filter=x", "name=%00"],
)
def test_a_list_is_refused(world: World, query: str) -> None:
    assert refusal(listed(f"&{query}")) == (400, "invalid_value")


def test_a_list_needs_its_account(world: World) -> None:
    assert refusal(call("GET", "/v1/profiles")) == (400, "missing_value")


@pytest.mark.parametrize("account_id", [OTHER_ACCOUNT, "c" * 32, "invalid"], ids=["foreign", "missing", "malformed"])
def test_a_list_of_any_other_account_is_not_found(world: World, account_id: str) -> None:
    assert refusal(call("GET", f"/v1/profiles?account_id={account_id}")) == (404, "not_found")


# --- links --------------------------------------------------------------------------------------------------------


def test_a_link_is_created(path: str) -> None:
    answer = call("POST", f"{path}/links", BMS_LINK | {"name": "web-1"})
    body = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"link-[0-9a-f-]{36}", body["id"])
    assert body["link"] == {"crn": FACTS.crn}
    assert (body["cr_type"], body["name"], body["is_cross_account"]) == ("BMS", "web-1", False)
    assert MINUTES.fullmatch(body["created_at"])
    assert MINUTES.fullmatch(body["modified_at"])
    assert body["entity_tag"] == answer.headers["ETag"]


def test_members_of_other_resource_types_are_kept(path: str) -> None:
    target = {"crn": FACTS.crn, "namespace": "n", "name": "sa", "component_type": "t", "component_name": "c"}
    assert call("POST", f"{path}/links", {"cr_type": "VSI", "link": target}).json()["link"] == target


def test_links_are_listed_and_read_alike(path: str, link: ProfileLink) -> None:
    [listed_link] = call("GET", f"{path}/links").json()["links"]
    assert call("GET", f"{path}/links/{link.id}").json() == listed_link


def test_a_profile_without_links_lists_none(path: str) -> None:
    assert call("GET", f"{path}/links").json() == {"links": []}


def test_a_deleted_link_is_gone(path: str, link: ProfileLink) -> None:
    assert call("DELETE", f"{path}/links/{link.id}").status_code == 204
    assert refusal(call("GET", f"{path}/links/{link.id}")) == (404, "not_found")
    assert refusal(call("DELETE", f"{path}/links/{link.id}")) == (404, "not_found")


def test_a_link_is_deleted_by_what_it_names(path: str, link: ProfileLink) -> None:
    assert call("DELETE", f"{path}/links?type=BMS&crn={FACTS.crn}").status_code == 204
    assert not ProfileLink.objects.exists()


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("?type=XYZ", 400), ("?type=VSI", 404), ("?type=BMS&crn=crn", 404), ("?type=BMS&name=sa", 404)],
)
def test_a_deletion_by_parameters_is_refused(path: str, link: ProfileLink, query: str, status: int) -> None:
    assert call("DELETE", f"{path}/links{query}").status_code == status
    assert ProfileLink.objects.count() == 1


REFUSED_LINKS: dict[str, Any] = {
    "no-type": {"link": {"crn": FACTS.crn}},
    "an-unknown-type": BMS_LINK | {"cr_type": "TOASTER"},
    "a-type-in-small-letters": BMS_LINK | {"cr_type": "bms"},
    "no-link": {"cr_type": "BMS"},
    "no-crn": {"cr_type": "BMS", "link": {}},
    "a-text-for-a-link": {"cr_type": "BMS", "link": FACTS.crn},
    "a-number-for-a-crn": {"cr_type": "BMS", "link": {"crn": 5}},
    "what-is-no-crn": {"cr_type": "BMS", "link": {"crn": "web-1"}},
    "a-crn-of-another-account": {"cr_type": "BMS", "link": {"crn": FACTS.crn.replace(ACCOUNT, OTHER_ACCOUNT)}},
    "a-crn-that-is-too-long": {"cr_type": "BMS", "link": {"crn": FACTS.crn + "x" * 255}},
    "text-for-a-boolean": BMS_LINK | {"is_cross_account": "true"},
    "one-for-a-boolean": BMS_LINK | {"is_cross_account": 1},
    "an-unknown-property": BMS_LINK | {"expiration": 5},
    "an-unknown-property-inside": {"cr_type": "BMS", "link": {"crn": FACTS.crn, "id": "x"}},
    "an-id": BMS_LINK | {"id": "link-mine"},
}


@pytest.mark.parametrize("body", REFUSED_LINKS.values(), ids=REFUSED_LINKS.keys())
def test_a_link_is_refused_and_nothing_is_made(path: str, body: Any) -> None:
    assert call("POST", f"{path}/links", body).status_code == 400
    assert not ProfileLink.objects.exists()


def test_a_resource_of_another_account_is_linked_when_that_is_meant(path: str) -> None:
    crn = FACTS.crn.replace(ACCOUNT, OTHER_ACCOUNT)
    body = {"cr_type": "BMS", "link": {"crn": crn}, "is_cross_account": True}
    assert call("POST", f"{path}/links", body).json()["is_cross_account"] is True


def test_the_same_link_twice_conflicts(path: str, link: ProfileLink) -> None:
    assert refusal(call("POST", f"{path}/links", BMS_LINK)) == (409, "conflict")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_links_of_an_unknown_profile_are_not_found(world: World, method: str) -> None:
    body = BMS_LINK if method == "POST" else None
    assert refusal(call(method, "/v1/profiles/Profile-unknown/links", body)) == (404, "not_found")


def test_a_link_is_not_found_under_another_profile(world: World, link: ProfileLink) -> None:
    other = make_profile(world.account, name="other")
    assert call("GET", f"/v1/profiles/{other.id}/links/{link.id}").status_code == 404
    assert call("DELETE", f"/v1/profiles/{other.id}/links/{link.id}").status_code == 404
    assert ProfileLink.objects.count() == 1


# --- who may ------------------------------------------------------------------------------------------------------

REQUESTS: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", f"/v1/profiles?account_id={ACCOUNT}", None),
    "create": ("POST", "/v1/profiles", CREATION),
    "get": ("GET", "/v1/profiles/{id}", None),
    "update": ("PUT", "/v1/profiles/{id}", {"description": "x"}),
    "delete": ("DELETE", "/v1/profiles/{id}", None),
    "list-links": ("GET", "/v1/profiles/{id}/links", None),
    "create-link": ("POST", "/v1/profiles/{id}/links", {"cr_type": "BMS", "link": {"crn": f"{FACTS.crn}0"}}),
    "get-link": ("GET", "/v1/profiles/{id}/links/{link}", None),
    "delete-link": ("DELETE", "/v1/profiles/{id}/links/{link}", None),
    "delete-links": ("DELETE", "/v1/profiles/{id}/links?type=BMS", None),
}
READS = ["list", "get", "list-links", "get-link"]
WRITES = [name for name in REQUESTS if name not in READS]


def attempt(name: str, link: ProfileLink, caller: Caller | None) -> Any:
    method, path, body = REQUESTS[name]
    path = path.replace("{id}", link.profile_id).replace("{link}", link.id)
    return call(method, path, body, caller=caller, If_Match="*")


@pytest.mark.parametrize("name", REQUESTS)
def test_nobody_gets_in_without_a_token(link: ProfileLink, name: str) -> None:
    answer = attempt(name, link, None)
    assert refusal(answer) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", [name for name in REQUESTS if "{id}" in REQUESTS[name][1]])
def test_mallory_sees_no_profile_of_alice(link: ProfileLink, name: str) -> None:
    assert refusal(attempt(name, link, MALLORY)) == (404, "not_found")
    assert ProfileLink.objects.count() == 1


@pytest.mark.parametrize("name", REQUESTS)
def test_a_profile_without_a_policy_may_not(profile: TrustedProfile, link: ProfileLink, name: str) -> None:
    assert refusal(attempt(name, link, caller_of(profile.iam_id))) == (403, "not_authorized")


@pytest.mark.parametrize("name", READS)
def test_a_viewer_may_read(profile: TrustedProfile, link: ProfileLink, name: str) -> None:
    assert attempt(name, link, granted(profile)).status_code == 200


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("role", ["Viewer", "Operator", "Reader"])
def test_a_smaller_role_may_not_write(profile: TrustedProfile, link: ProfileLink, name: str, role: str) -> None:
    assert refusal(attempt(name, link, granted(profile, role))) == (403, "not_authorized")
    assert (TrustedProfile.objects.get().revision, ProfileLink.objects.count()) == (1, 1)


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("role", ["Editor", "Administrator", "Writer", "Manager"])
def test_an_editor_may_write(profile: TrustedProfile, link: ProfileLink, name: str, role: str) -> None:
    assert attempt(name, link, granted(profile, role)).status_code in (200, 201, 204)


def test_a_role_on_another_service_does_not_help(profile: TrustedProfile, link: ProfileLink) -> None:
    assert attempt("get", link, granted(profile, "Administrator", service="is")).status_code == 403


def test_a_policy_may_name_one_profile(world: World, profile: TrustedProfile) -> None:
    this = {"key": "resource", "operator": "stringEquals", "value": profile.id}
    caller, other = granted(profile, more=(this,)), make_profile(world.account, name="other")
    assert call("GET", f"/v1/profiles/{profile.id}", caller=caller).status_code == 200
    assert call("GET", f"/v1/profiles/{other.id}", caller=caller).status_code == 403


def test_a_refusal_says_who_may_not_what_and_what_would_help(profile: TrustedProfile, path: str) -> None:
    message = call("DELETE", path, caller=granted(profile)).json()["errors"][0]["message"]
    assert f"{profile.iam_id} may not iam-identity.profile.delete" in message
    assert "on iam-identity with the role Editor would allow it" in message


# --- activity -----------------------------------------------------------------------------------------------------

EVENTS = {
    "list": "iam-identity.account-profile.read",
    "create": "iam-identity.account-profile.create",
    "get": "iam-identity.account-profile.read",
    "update": "iam-identity.account-profile.update",
    "delete": "iam-identity.account-profile.delete",
    "list-links": "iam-identity.account-profile-link.read",
    "create-link": "iam-identity.account-profile-link.create",
    "get-link": "iam-identity.account-profile-link.read",
    "delete-link": "iam-identity.account-profile-link.delete",
    "delete-links": "iam-identity.account-profile-link.delete",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_an_operation_leaves_one_event(link: ProfileLink, name: str) -> None:
    before = ActivityEvent.objects.count()
    answer = attempt(name, link, ALICE)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "success", answer.status_code)
    assert (event.initiator_id, event.account_id, event.request_id) == (
        ALICE.iam_id,
        ACCOUNT,
        answer.headers["X-Request-Id"],
    )


@pytest.mark.parametrize("name", REQUESTS)
def test_a_refused_operation_leaves_one_event_too(profile: TrustedProfile, link: ProfileLink, name: str) -> None:
    before = ActivityEvent.objects.count()
    attempt(name, link, caller_of(profile.iam_id))
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.outcome, event.reason_code) == (EVENTS[name], "failure", 403)
    assert (event.initiator_id, event.reason_type) == (profile.iam_id, "not_authorized")


def test_the_event_of_a_reading_names_the_profile_by_crn(profile: TrustedProfile, path: str) -> None:
    call("GET", path)
    assert (last_event().target_id, last_event().target_name) == (profile.crn, "victor")


def test_the_event_of_what_is_not_there_keeps_the_id_asked_for(world: World) -> None:
    call("GET", "/v1/profiles/Profile-unknown")
    assert (last_event().target_id, last_event().reason_code) == ("Profile-unknown", 404)
