"""``/v1/profiles/{id}/links``, as the IAM identity API answers."""

import re
from typing import Any

import pytest

from tests.api.calling import call, refusal
from tests.build import FACTS
from tests.tables import alone, check_each
from tests.world import ACCOUNT, OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import ProfileLink

MINUTES = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\+0000")
BMS_LINK = {"cr_type": "BMS", "link": {"crn": FACTS.crn}}


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


def test_a_link_is_refused_and_nothing_is_made(path: str) -> None:
    def check(name: str) -> None:
        body = REFUSED_LINKS[name]
        assert call("POST", f"{path}/links", body).status_code == 400
        assert not ProfileLink.objects.exists()

    check_each(REFUSED_LINKS, alone(check))


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
