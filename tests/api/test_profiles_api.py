"""Profiles and operating systems, as they are published; capacities, which never run out."""

from itertools import product
from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from servers import catalog
from tests.api.vpc import Api, errors, fits
from tests.tables import check_each
from tests.world import MALLORY, REGION

PROFILES = "/v1/bare_metal_server/profiles"
CAPACITIES = "/v1/bare_metal_server/capacities"
SYSTEMS = "/v1/operating_systems"
GPU = "gx3d-metal-224x2048x8mi300x-sn"
OFFERED = [profile.name for profile in catalog.profiles_of(REGION)]
KINDS = {PROFILES: "profiles", CAPACITIES: "capacities", SYSTEMS: "operating_systems"}


def host(region: str) -> str:
    return f"{region}.iaas.cloud.ibm.com"


# --- profiles


def test_profiles_are_those_that_the_region_offers(api: Api) -> None:
    actual_profile = fits(vpc_v1.BareMetalServerProfileCollection, api.get(PROFILES).json())
    assert [profile.name for profile in actual_profile.profiles] == OFFERED


@pytest.mark.parametrize(("region", "count"), [("us-south", 39), ("us-east", 19), ("in-mum", 21), ("au-syd", 0)])
def test_each_region_offers_its_own(api: Api, region: str, count: int) -> None:
    assert api.get(PROFILES, Host=host(region)).json()["total_count"] == count


def test_every_profile_has_all_that_the_sdk_requires(api: Api) -> None:
    def check(name: str) -> None:
        assert fits(vpc_v1.BareMetalServerProfile, api.get(f"{PROFILES}/{name}").json()).name == name

    check_each(OFFERED, check)


@pytest.mark.parametrize("name", ["bx2d-metal-96x384", "bx3d-metal-48x256"])
def test_a_profile_shows_its_figures(api: Api, name: str) -> None:
    profile = catalog.profiles()[name]
    body = api.get(f"{PROFILES}/{name}").json()
    figures = {
        "cpu_core_count": profile.core_count,
        "cpu_socket_count": profile.socket_count,
        "memory": profile.memory,
    }
    assert {key: body[key] for key in figures} == {
        key: {"type": "fixed", "value": value} for key, value in figures.items()
    }
    assert body["family"] == "balanced"


def test_the_bandwidth_of_the_second_generation_is_fixed(api: Api) -> None:
    body = api.get(f"{PROFILES}/bx2-metal-96x384").json()
    assert fits(vpc_v1.BareMetalServerProfileBandwidthFixed, body["bandwidth"]).value == 100_000


def test_the_bandwidth_of_the_third_generation_is_to_choose(api: Api) -> None:
    body = api.get(f"{PROFILES}/bx3-metal-48x256").json()
    bandwidth = fits(vpc_v1.BareMetalServerProfileBandwidthEnum, body["bandwidth"])
    assert (bandwidth.default, bandwidth.values) == (200_000, [10_000, 25_000, 50_000, 100_000, 200_000])


DISKS: dict[str, list[tuple[int, int, str]]] = {
    "bx2-metal-96x384": [(1, 960, "sata")],
    "bx2d-metal-96x384": [(1, 960, "sata"), (8, 3200, "nvme")],
    "mx3de-metal-48x512": [(1, 480, "nvme"), (16, 15360, "nvme")],
}


@pytest.mark.parametrize("name", DISKS)
def test_a_mirrored_pair_of_boot_disks_shows_as_one(api: Api, name: str) -> None:
    disks = api.get(f"{PROFILES}/{name}").json()["disks"]
    rows = [
        (disk["quantity"]["value"], disk["size"]["value"], disk["supported_interface_types"]["default"])
        for disk in disks
    ]
    assert rows == DISKS[name]


@pytest.mark.parametrize(
    ("name", "default", "values"),
    [("bx2-metal-96x384", "disabled", ["disabled", "tpm_2"]), ("bx3-metal-48x256", "tpm_2", ["tpm_2"])],
)
def test_a_profile_says_how_its_module_can_be_used(api: Api, name: str, default: str, values: list[str]) -> None:
    modes = api.get(f"{PROFILES}/{name}").json()["supported_trusted_platform_module_modes"]
    assert modes == {"type": "enum", "default": default, "values": values}


def test_a_profile_names_the_zones_of_the_region_called(api: Api) -> None:
    bodies = [api.get(f"{PROFILES}/bx2-metal-96x384", Host=host(region)).json() for region in ("us-south", "eu-de")]
    assert [[zone["name"] for zone in body["zones"]] for body in bodies] == [
        ["us-south-1", "us-south-2", "us-south-3"],
        ["eu-de-1", "eu-de-2", "eu-de-3"],
    ]


def test_a_profile_is_found_only_where_it_is_offered(api: Api) -> None:
    answers = [api.get(f"{PROFILES}/{GPU}", Host=host(region)) for region in ("us-east", "us-south")]
    assert [answer.status_code for answer in answers] == [200, 404]


@pytest.mark.parametrize("path", [f"{PROFILES}/none", f"{PROFILES}/bx2-metal-192x384", f"{SYSTEMS}/none"])
def test_what_is_not_there_is_not_found(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, errors(answer)) == (404, [("not_found", "")])
    assert "not found" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("path", [f"{PROFILES}/bx2-metal-96x384", f"{SYSTEMS}/ubuntu-22-04-amd64"])
def test_an_href_answers_with_what_it_stands_in(api: Api, path: str) -> None:
    assert api.get(path).json()["href"] == f"http://testserver{path}"


# --- capacities


def pairs(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["profile"]["name"], each["zone"]["name"]) for each in body["capacities"]]


def test_capacities_are_complete(api: Api) -> None:
    capacity = fits(vpc_v1.BareMetalServerCapacityCollection, api.get(CAPACITIES).json())
    assert capacity.capacities[0].profile.resource_type == "bare_metal_server_profile"


def test_every_profile_can_be_had_in_every_zone_of_the_region(api: Api) -> None:
    # D-47
    first = api.get(CAPACITIES, "limit=100").json()
    second = api.get(CAPACITIES, first["next"]["href"].partition("?")[2]).json()
    assert pairs(first) + pairs(second) == [(name, f"us-south-{number}") for name in OFFERED for number in (1, 2, 3)]


CAPACITY_FILTERS = {
    "profile": ("profile.name=bx2-metal-96x384", [("bx2-metal-96x384", f"us-south-{zone}") for zone in (1, 2, 3)]),
    "zone": ("zone.name=us-south-2", [(name, "us-south-2") for name in OFFERED]),
    "both": ("profile.name=bx2-metal-96x384&zone.name=us-south-2", [("bx2-metal-96x384", "us-south-2")]),
    "zone-elsewhere": ("zone.name=eu-de-1", []),
    "profile-elsewhere": (f"profile.name={GPU}", []),
    "unknown": ("profile.name=none", []),
}


@pytest.mark.parametrize(("query", "expected"), CAPACITY_FILTERS.values(), ids=CAPACITY_FILTERS.keys())
def test_capacities_are_filtered(api: Api, query: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(api.get(CAPACITIES, query).json()) == expected


def test_the_allow_listed_profile_is_offered_in_one_region(api: Api) -> None:
    regions = [
        region
        for region in catalog.regions()
        if api.get(CAPACITIES, f"profile.name={GPU}", Host=host(region)).json()["total_count"]
    ]
    assert regions == ["us-east"]


# --- operating systems


def test_operating_systems_are_complete(api: Api) -> None:
    actual_system = fits(vpc_v1.OperatingSystemCollection, api.get(SYSTEMS).json())
    assert [system.name for system in actual_system.operating_systems] == list(catalog.operating_systems())


def test_every_operating_system_has_all_that_the_sdk_requires(api: Api) -> None:
    def check(name: str) -> None:
        system = fits(vpc_v1.OperatingSystem, api.get(f"{SYSTEMS}/{name}").json())
        assert (system.name, system.architecture) == (name, "amd64")

    check_each(catalog.operating_systems(), check)


# --- what all three have in common


def test_pages_follow_each_other_to_the_end(api: Api) -> None:
    def check(case: tuple[int, str]) -> None:
        limit, path = case
        query, names, total = f"limit={limit}", [], None
        while query:
            body = api.get(path, query).json()
            names += body[KINDS[path]]
            total = body["total_count"]
            query = body["next"]["href"].partition("?")[2] if "next" in body else ""
        assert len(names) == total
        assert len({str(each) for each in names}) == total

    check_each(list(product([1, 7, 100], KINDS)), check)


def test_the_sdks_own_token_reader_finds_the_next_page(api: Api) -> None:
    body = api.get(PROFILES, "limit=2").json()
    start = vpc_v1.get_query_param(body["next"]["href"], "start")
    assert api.get(PROFILES, f"limit=2&start={start}").json()["profiles"][0]["name"] == OFFERED[2]


def test_a_filter_is_kept_on_the_next_page(api: Api) -> None:
    body = api.get(CAPACITIES, "zone.name=us-south-2&limit=3").json()
    body = api.get(CAPACITIES, body["next"]["href"].partition("?")[2]).json()
    assert pairs(body) == [(name, "us-south-2") for name in OFFERED[3:6]]


def test_a_token_of_another_query_is_refused(api: Api) -> None:
    body = api.get(CAPACITIES, "zone.name=us-south-2&limit=3").json()
    start = vpc_v1.get_query_param(body["next"]["href"], "start")
    assert api.get(CAPACITIES, f"start={start}").status_code == 400


WRONG_QUERIES = [
    ("start=none", "start"),
    ("start=3", "start"),
    ("limit=0", "limit"),
    ("limit=101", "limit"),
    ("limit=x", "limit"),
    ("limit=-1", "limit"),
]


def test_a_query_is_refused(api: Api) -> None:
    def check(case: tuple[tuple[str, str], str]) -> None:
        (query, target), path = case
        answer = api.get(path, query)
        assert (answer.status_code, errors(answer)) == (400, [("invalid_value", target)])

    check_each(list(product(WRONG_QUERIES, KINDS)), check)


@pytest.mark.parametrize("path", KINDS)
def test_the_catalog_is_the_same_for_every_account(api: Api, path: str) -> None:
    first, second = api.get(path).json(), Api(MALLORY).get(path).json()
    assert first[KINDS[path]] == second[KINDS[path]]


@pytest.mark.parametrize("path", KINDS)
def test_a_page_token_is_good_for_the_account_it_was_given_to(api: Api, path: str) -> None:
    start = vpc_v1.get_query_param(api.get(path, "limit=2").json()["next"]["href"], "start")
    assert Api(MALLORY).get(path, f"limit=2&start={start}").status_code == 400


EVENTS = {
    PROFILES: "is.bare-metal-server.bare-metal-server-profile.read",
    f"{PROFILES}/bx2-metal-96x384": "is.bare-metal-server.bare-metal-server-profile.read",
    CAPACITIES: "is.bare-metal-server.bare-metal-server-capacity.read",
    SYSTEMS: "is.operating-system.operating-system.read",
}


@pytest.mark.parametrize("path", EVENTS)
def test_a_reading_leaves_one_event(api: Api, path: str) -> None:
    answer = api.get(path)
    assert ActivityEvent.objects.get(request_id=answer["X-Request-Id"]).action == EVENTS[path]
