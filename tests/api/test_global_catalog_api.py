"""``/api/v1`` of the global catalog."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.cloudservice.registry import services
from controlplane.kernel.crn import Crn
from servers.catalog import regions
from tests.api.asking import ask
from tests.api.calling import call, caller_of, refusal
from tests.policies import VICTOR
from tests.world import World

pytestmark = pytest.mark.django_db

KMS_ID = "ee41347f-b18e-4ca6-bf80-b5467c63f9a6"
TIERED = "eedd3585-90c6-4c8f-be3d-062069e99fc3"
STANDARD = "744bfc56-d12c-4866-88d5-dac9139e0e5d"


def ids(path: str) -> list[str]:
    return [each["id"] for each in call("GET", f"/api/v1{path}").json()["resources"]]


def test_the_catalog_has_every_declared_service_with_its_plans(world: World) -> None:
    for service in services().values():
        entry = call("GET", f"/api/v1/{service.offering.id}").json()
        assert (entry["kind"], entry["name"]) == ("service", service.name)
        assert entry["metadata"]["service"]["rc_provisionable"] is True
        plans = [each.id for each in service.offering.plans]
        assert ids(f"/{service.offering.id}/plan") == ids(f"/{service.offering.id}/flavor") == plans
    assert ids("") == ids("/") == [each.offering.id for each in services().values()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=kms", ["kms"]),
        ("?q=kms&include=*", ["kms"]),
        ("?q=key protect", ["kms"]),
        ("?q=cloud-object-storage", ["cloud-object-storage"]),
        ("?q=kind:service kms", ["kms"]),
        ("?q=kind:iaas", []),
        ("?q=price:free", []),
        ("?q=rc:true object", ["cloud-object-storage"]),
        ("?q=unknown", []),
        ("?_limit=1&_offset=1", ["kms"]),
    ],
)
def test_services_are_searched(world: World, query: str, expected: list[str]) -> None:
    for path in ("/api/v1", "/api/v1/"):
        body = call("GET", f"{path}{query}").json()
        assert [each["name"] for each in body["resources"]] == expected
        assert body["resource_count"] == len(expected)


def test_the_pages_of_the_catalog_are_linked(world: World) -> None:
    body = call("GET", "/api/v1?_limit=1").json()
    assert (body["count"], body["offset"], body["limit"]) == (len(services()), 0, 1)
    following = call("GET", body["next"].removeprefix("http://testserver")).json()
    assert following["offset"] == 1
    assert "next" not in call("GET", "/api/v1").json()


@pytest.mark.parametrize(("plan", "places"), [(TIERED, list(regions())), (STANDARD, ["global"])])
def test_a_plan_is_deployed_in_every_location_of_its_service(world: World, plan: str, places: list[str]) -> None:
    entries = call("GET", f"/api/v1/{plan}/deployment?include=*").json()["resources"]
    assert [each["metadata"]["deployment"]["location"] for each in entries] == places
    for entry, place in zip(entries, places, strict=True):
        crn = f"crn:v1:bluemix:public:globalcatalog::::deployment:{plan}%3A{place}"
        assert (entry["id"], entry["kind"], entry["parent_id"]) == (f"{plan}:{place}", "deployment", plan)
        assert entry["metadata"]["rc_compatible"] is True
        assert entry["catalog_crn"] == entry["metadata"]["deployment"]["target_crn"] == crn
        assert str(Crn.parse(crn)) == crn
        assert call("GET", f"/api/v1/{entry['id']}").json() == entry


def test_all_children_of_an_entry_are_listed(world: World) -> None:
    plans = [each.id for each in services()["kms"].offering.plans]
    assert ids(f"/{KMS_ID}/*?q=tiered") == [TIERED]
    assert ids(f"/{KMS_ID}/%2A") == ids(f"/{KMS_ID}/*") == ids("/kms/*") == plans
    assert ids(f"/{TIERED}/*") == [f"{TIERED}:{region}" for region in regions()]
    assert ids(f"/{TIERED}:us-south/*") == []


@pytest.mark.parametrize(
    "path", ["/unknown", "/unknown/plan", f"/{KMS_ID}/color", f"/{TIERED}:mars", "/tiered-pricing", f"/{KMS_ID}/a/b"]
)
def test_what_is_not_in_the_catalog_is_not_found(world: World, path: str) -> None:
    assert refusal(call("GET", f"/api/v1{path}")) == (404, "not_found")


def test_the_catalog_is_read_only(world: World) -> None:
    for method, path in (("POST", "/api/v1"), ("PUT", f"/api/v1/{KMS_ID}"), ("DELETE", f"/api/v1/{KMS_ID}")):
        assert call(method, path, {}).status_code == 405, (method, path)


def test_explain_says_what_the_catalog_does_that_a_valid_token_suffices(world: World) -> None:
    victor = caller_of(VICTOR)
    assert call("GET", "/api/v1", caller=victor).status_code == 200
    answer: Any = ask(victor, action="globalcatalog.entry.read").json()
    assert (answer["decision"], answer["because"]) == ("allow", "every caller with a valid token may do this")
    assert refusal(call("GET", "/api/v1", caller=None)) == (401, "unauthenticated")
    actions = ActivityEvent.objects.order_by("id").values_list("action", "initiator_id")
    assert ("globalcatalog.entry.list", VICTOR) in actions
