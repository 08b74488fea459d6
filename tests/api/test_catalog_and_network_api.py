"""Regions, profiles, images, VPCs, subnets, reserved IPs, keys: to read, each in its account."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.models import VPC, BareMetalServer, Image, Subnet
from servers.services.keys import create_key
from servers.services.network import create_subnet, create_vpc
from tests.api.vpc import Api, errors
from tests.world import MALLORY, REGION, World
from trustedprofiles.selectors import default_resource_group

BY = Party("IBMid-ALICE00001", "Alice", "User")
PROFILES = "/v1/bare_metal_server/profiles"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKjG3kpn6sbSLUyT8fKwIhLlzZzkmN0cYVmUG1Yb0YwG"


@pytest.fixture
def paths(world: World, server: BareMetalServer) -> dict[str, str]:
    """One path of each kind that belongs to an account."""
    group = default_resource_group(world.account.id)
    key = create_key(world.account, resource_group=group, region=REGION, public_key=ED25519, name="laptop", by=BY)
    subnet = Subnet.objects.get()
    address = subnet.reserved_ips.filter(owner="user")[0]
    return {
        "vpc": f"/v1/vpcs/{VPC.objects.get().id}",
        "subnet": f"/v1/subnets/{subnet.id}",
        "reserved-ips": f"/v1/subnets/{subnet.id}/reserved_ips",
        "reserved-ip": f"/v1/subnets/{subnet.id}/reserved_ips/{address.id}",
        "key": f"/v1/keys/{key.id}",
    }


KINDS = ["vpc", "subnet", "reserved-ips", "reserved-ip", "key"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_another_account_has_looks_exactly_like_none(paths: dict[str, str], api: Api, kind: str) -> None:
    path = paths[kind]
    assert api.get(path).status_code == 200
    made_up = path.replace(path.split("/")[3], "r006-11111111-1111-4111-8111-111111111111")
    bodies = [Api(MALLORY).get(each).json() for each in (path, made_up)]
    assert [body["status_code"] for body in bodies] == [404, 404]
    assert bodies[0]["errors"] == bodies[1]["errors"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reading_leaves_one_event(paths: dict[str, str], api: Api, kind: str) -> None:
    answer = api.get(paths[kind])
    event = ActivityEvent.objects.get(request_id=answer["X-Request-Id"])
    assert (event.outcome, event.reason_code, event.initiator_name) == ("success", 200, "Alice")


MISSING = [
    "/v1/regions/mars",
    "/v1/regions/mars/zones",
    "/v1/regions/us-south/zones/eu-de-1",
    f"{PROFILES}/none",
    "/v1/images/r006-none",
    "/v1/operating_systems/none",
    "/v1/keys/r006-none",
    "/v1/subnets/0717-none/reserved_ips/0717-none",
]


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_not_found(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, errors(answer)) == (404, [("not_found", "")])


@pytest.mark.parametrize(("path", "name"), [(PROFILES, "profiles"), ("/v1/operating_systems", "operating_systems")])
def test_pages_of_the_catalog_follow_each_other(api: Api, path: str, name: str) -> None:
    whole = [each["name"] for each in api.get(path, "limit=100").json()[name]]
    body = api.get(path, "limit=3").json()
    seen = [each["name"] for each in body[name]]
    while "next" in body:
        body = api.get(path, body["next"]["href"].partition("?")[2]).json()
        seen += [each["name"] for each in body[name]]
    assert seen == whole
    assert body["total_count"] == len(whole)


def test_images_come_in_pages_too(api: Api, server: BareMetalServer) -> None:
    body = api.get("/v1/images", "limit=2").json()
    seen = [each["id"] for each in body["images"]]
    while "next" in body:
        body = api.get("/v1/images", body["next"]["href"].partition("?")[2]).json()
        seen += [each["id"] for each in body["images"]]
    assert sorted(seen) == sorted(Image.objects.values_list("id", flat=True))


REFUSED = {
    "profiles-start": (PROFILES, "start=none", "start"),
    "profiles-limit": (PROFILES, "limit=0", "limit"),
    "systems-start": ("/v1/operating_systems", "start=none", "start"),
    "images-start": ("/v1/images", "start=none", "start"),
    "images-visibility": ("/v1/images", "visibility=secret", "visibility"),
    "keys-limit": ("/v1/keys", "limit=x", "limit"),
}


@pytest.mark.parametrize(("path", "query", "target"), REFUSED.values(), ids=REFUSED.keys())
def test_a_query_is_refused(api: Api, path: str, query: str, target: str) -> None:
    answer = api.get(path, query)
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", target)])


FILTERS = {
    "image-name": ("/v1/images", "name={image}", 1),
    "image-no-name": ("/v1/images", "name=none", 0),
    "image-private": ("/v1/images", "visibility=private", 0),
    "subnet-zone": ("/v1/subnets", "zone.name=us-south-1", 1),
    "subnet-other-zone": ("/v1/subnets", "zone.name=us-south-2", 0),
    "subnet-vpc": ("/v1/subnets", "vpc.name=net", 1),
    "vpc-group": ("/v1/vpcs", "resource_group.id=none", 0),
}


@pytest.mark.parametrize(("path", "query", "count"), FILTERS.values(), ids=FILTERS.keys())
def test_a_list_is_filtered(api: Api, server: BareMetalServer, path: str, query: str, count: int) -> None:
    image = Image.objects.all()[0].name
    assert api.get(path, query.format(image=image)).json()["total_count"] == count


def test_an_image_of_another_account_is_not_shown(api: Api, world: World, server: BareMetalServer) -> None:
    image = Image.objects.all()[0]
    Image.objects.filter(pk=image.pk).update(account=world.other_account)
    assert api.get(f"/v1/images/{image.id}").status_code == 404
    assert Api(MALLORY).get(f"/v1/images/{image.id}").json()["visibility"] == "private"


@pytest.mark.parametrize("path", ["/v1/subnets", "/v1/vpcs"])
def test_a_list_takes_the_same_queries_for_one_and_for_three(
    api: Api, world: World, server: BareMetalServer, path: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(path).status_code == 200
        return len(captured)

    one = queries()
    group = default_resource_group(world.account.id)
    for number in range(2):
        vpc = create_vpc(world.account, resource_group=group, name=f"net-{number}", region=REGION, by=BY)
        create_subnet(vpc, zone=f"{REGION}-1", cidr="10.1.0.0/24", name="sub", by=BY)
    assert queries() == one


def test_a_subnet_counts_its_free_addresses(api: Api, paths: dict[str, str]) -> None:
    body = api.get(paths["subnet"]).json()
    assert (body["total_ipv4_address_count"], body["available_ipv4_address_count"]) == (256, 250)


def test_a_reserved_ip_says_which_interface_has_it(api: Api, paths: dict[str, str], server: BareMetalServer) -> None:
    body: Any = api.get(paths["reserved-ip"]).json()
    assert body["target"]["id"] == server.network_interfaces.get().id
    provider = [each for each in api.get(paths["reserved-ips"]).json()["reserved_ips"] if "target" not in each]
    assert {each["owner"] for each in provider} == {"provider"}
