"""Regions and zones: the same under every region's host."""

from typing import Any

import pytest
from ibm_vpc.vpc_v1 import Region, RegionCollection, Zone, ZoneCollection

from controlplane.activity.models import ActivityEvent
from servers import catalog
from tests.api.vpc import Api, errors, fits
from tests.tables import assert_rows, check_each
from tests.world import MALLORY

REGIONS = "/v1/regions"
HOSTS = {"us-south": "us-south.iaas.cloud.ibm.com", "eu-de": "eu-de.iaas.cloud.ibm.com"}


def test_all_thirteen_regions_are_listed(api: Api) -> None:
    regions = fits(RegionCollection, api.get(REGIONS).json()).regions
    assert [region.name for region in regions] == list(catalog.regions())


def test_every_region_says_where_its_api_is(api: Api) -> None:
    def check(name: str) -> None:
        region = fits(Region, api.get(f"{REGIONS}/{name}").json())
        assert (region.endpoint, region.status) == (f"https://{name}.iaas.cloud.ibm.com", "available")

    check_each(catalog.regions(), check)


def test_every_region_has_three_zones(api: Api) -> None:
    def check(name: str) -> None:
        zones = fits(ZoneCollection, api.get(f"{REGIONS}/{name}/zones").json()).zones
        assert [zone.name for zone in zones] == [f"{name}-{number}" for number in (1, 2, 3)]

    check_each(catalog.regions(), check)


def test_a_zone_has_all_that_the_sdk_requires(api: Api) -> None:
    zone = fits(Zone, api.get(f"{REGIONS}/eu-de/zones/eu-de-2").json())
    assert (zone.name, zone.region.name, zone.status) == ("eu-de-2", "eu-de", "available")


# IBM Cloud documentation, locations: universal zone names. A campus with all zones of a region counts by letter.
DATA_CENTERS = {
    "us-south-1": ("DAL10", "us-south-dal10-a"),
    "us-east-3": ("WDC07", "us-east-wdc07-a"),
    "eu-de-2": ("FRA04", "eu-de-fra04-a"),
    "ca-mon-3": ("MON04", "ca-mon-mon04-c"),
}


def test_a_zone_names_its_data_center(api: Api) -> None:
    # D-46
    bodies = {zone: api.get(f"{REGIONS}/{zone[:-2]}/zones/{zone}").json() for zone in DATA_CENTERS}
    assert_rows({zone: (body["data_center"], body["universal_name"]) for zone, body in bodies.items()}, DATA_CENTERS)


def test_no_two_zones_have_the_same_universal_name(api: Api) -> None:
    zones = [zone for name in catalog.regions() for zone in api.get(f"{REGIONS}/{name}/zones").json()["zones"]]
    assert len({zone["universal_name"] for zone in zones}) == len(zones)


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS.keys())
def test_every_href_answers_with_what_it_stands_in(api: Api, host: str) -> None:
    regions = api.get(REGIONS, Host=host).json()["regions"]
    zones = api.get(f"{REGIONS}/jp-tok/zones", Host=host).json()["zones"]
    for each in [*regions, *zones]:
        assert each["href"].startswith(f"https://{host}/v1/")
        assert api.get(each["href"].removeprefix(f"https://{host}"), Host=host).json() == each


def test_the_region_of_a_zone_can_be_followed(api: Api) -> None:
    href = api.get(f"{REGIONS}/eu-gb/zones/eu-gb-1").json()["region"]["href"]
    assert api.get(href.removeprefix("http://testserver")).json()["name"] == "eu-gb"


def test_regions_are_the_same_for_every_account(api: Api) -> None:
    assert Api(MALLORY).get(REGIONS).json() == api.get(REGIONS).json()


MISSING = [
    f"{REGIONS}/mars",
    f"{REGIONS}/US-SOUTH",
    f"{REGIONS}/mars/zones",
    f"{REGIONS}/mars/zones/mars-1",
    f"{REGIONS}/us-south/zones/eu-de-1",
    f"{REGIONS}/us-south/zones/us-south-4",
    f"{REGIONS}/us-south%00",
]


def test_what_is_not_there_is_not_found(api: Api) -> None:
    def check(path: str) -> None:
        answer = api.get(path)
        assert (answer.status_code, errors(answer)) == (404, [("not_found", "")])
        assert "not found" in answer.json()["errors"][0]["message"]

    check_each(MISSING, check)


@pytest.mark.parametrize(
    ("path", "event"),
    [
        (REGIONS, "is.region.region.read"),
        (f"{REGIONS}/us-south", "is.region.region.read"),
        (f"{REGIONS}/us-south/zones", "is.region.zone.read"),
        (f"{REGIONS}/us-south/zones/us-south-1", "is.region.zone.read"),
    ],
)
def test_a_reading_leaves_one_event(api: Api, path: str, event: str) -> None:
    answer: Any = api.get(path)
    assert ActivityEvent.objects.get(request_id=answer["X-Request-Id"]).action == event


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_region_cannot_be_changed(api: Api, method: str) -> None:
    assert api.call(method, f"{REGIONS}/us-south", {}).status_code == 405
