"""``/_baremint/bare_metal_servers``: the loopback address that is each server's own."""

import pytest

from controlplane.activity.record import Party
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from tests.api.calling import call, caller_of
from tests.policies import make_content
from tests.world import MALLORY, World, make_profile, make_server
from trustedprofiles.services.policies import create_policy

PATH = "/_baremint/bare_metal_servers"
BY = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def three(world: World) -> list[BareMetalServer]:
    return [make_server(world.account, name=f"web-{number}") for number in (1, 2, 3)]


def test_each_server_is_listed_with_its_address_the_newest_first(three: list[BareMetalServer]) -> None:
    servers = call("GET", PATH).json()["bare_metal_servers"]
    assert [each["address"] for each in servers] == [loopback_address(server.number) for server in reversed(three)]
    assert servers[0] == {
        "id": three[2].id,
        "name": "web-3",
        "crn": three[2].crn,
        "address": loopback_address(three[2].number),
        "metadata_service": {"enabled": three[2].metadata_enabled, "protocol": three[2].metadata_protocol},
    }


def test_servers_of_all_regions_are_listed(three: list[BareMetalServer]) -> None:
    BareMetalServer.objects.filter(name="web-2").update(region="eu-de", zone="eu-de-1")
    assert [each["name"] for each in call("GET", PATH).json()["bare_metal_servers"]] == ["web-3", "web-2", "web-1"]


def test_the_list_comes_in_pages(three: list[BareMetalServer]) -> None:
    first = call("GET", f"{PATH}?limit=2").json()
    assert (len(first["bare_metal_servers"]), first["total_count"]) == (2, 3)
    rest = call("GET", first["next"]["href"].partition("testserver")[2]).json()
    assert [each["name"] for each in rest["bare_metal_servers"]] == ["web-1"]
    assert "next" not in rest


def test_addresses_are_filtered_by_the_name_of_the_server(three: list[BareMetalServer]) -> None:
    assert [each["id"] for each in call("GET", f"{PATH}?name=web-2").json()["bare_metal_servers"]] == [three[1].id]
    assert call("GET", f"{PATH}?name=unknown").json()["bare_metal_servers"] == []


def test_another_accounts_servers_are_not_listed(three: list[BareMetalServer]) -> None:
    assert call("GET", PATH, caller=MALLORY).json()["bare_metal_servers"] == []


def test_a_viewer_may_list_addresses_and_a_caller_without_a_policy_may_not(
    world: World, three: list[BareMetalServer]
) -> None:
    profile = make_profile(world.account)
    caller = caller_of(profile.iam_id)
    assert call("GET", PATH, caller=caller).status_code == 403
    create_policy(world.account, content=make_content(profile.iam_id), api_version="v1", by=BY)
    assert call("GET", PATH, caller=caller).status_code == 200
