"""Images: IBM's, which every account sees and none changes, and the account's own."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.kernel import clock
from servers import catalog
from servers.services.catalog import seed_images
from tests.api.images import BODY, FILE, IMAGES, NAME, USE, day, listed, made, patch, read, stock_image
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, assert_rows, check_each
from tests.world import ACCOUNT, REGION, World
from trustedprofiles.selectors import default_resource_group


@pytest.fixture(autouse=True)
def stock(world: World) -> None:
    seed_images(REGION, clock.now())


# --- filters


FILTERS = {
    "name": ("name=mine", ["mine"]),
    "no-name": ("name=none", []),
    "stock-name": ("name=ibm-esxi-8-0u3-byol-amd64-2", ["ibm-esxi-8-0u3-byol-amd64-2"]),
    "private": ("visibility=private", ["mine", "old"]),
    "public": ("visibility=public", list(catalog.stock_images())),
    "deprecated": ("status=deprecated", ["old"]),
    "two-statuses": ("status=deprecated,available&visibility=private", ["mine", "old"]),
    "no-status": ("status=failed", []),
    "kickstart": (
        "user_data_format=esxi_kickstart",
        ["ibm-esxi-8-0u3-byol-amd64-2", "ibm-esxi-7-0u3-byol-amd64-4"],
    ),
    "ipxe": ("user_data_format=ipxe", ["ibm-ipxe-20240326-amd64-1"]),
    "two-formats": ("user_data_format=esxi_kickstart,ipxe&name=mine", []),
    "own": ("remote.account.id=null", ["mine", "old"]),
    "remote": ("remote.account.id=not:null", list(catalog.stock_images())),
    "ibms": (f"remote.account.id={catalog.PROVIDER_ACCOUNT}", list(catalog.stock_images())),
    "own-account": (f"remote.account.id={ACCOUNT}", []),
    "group": ("resource_group.id={group}&visibility=private", ["mine", "old"]),
    "stock-group": ("resource_group.id={group}&visibility=public", list(catalog.stock_images())),
    "no-group": ("resource_group.id=none", []),
    "several": ("status=available&visibility=private&name=mine", ["mine"]),
}


def test_images_are_filtered(api: Api, world: World) -> None:
    made(api, name="mine")
    old = made(api, name="old")
    api.call("POST", f"{IMAGES}/{old['id']}/deprecate")
    group = default_resource_group(world.account.id).id
    names_by_query = {name: listed(api, query.format(group=group)) for name, (query, _) in FILTERS.items()}
    assert_rows(names_by_query, {name: expected for name, (_, expected) in FILTERS.items()})


BAD_QUERIES = {
    "start": ("start=none", "start"),
    "limit": ("limit=0", "limit"),
    "visibility": ("visibility=secret", "visibility"),
    "status": ("status=new", "status"),
    "one-status": ("status=available,new", "status"),
    "empty-status": ("status=", "status"),
    "format": ("user_data_format=ignition", "user_data_format"),
}


def test_a_query_is_refused(api: Api) -> None:
    def check(name: str) -> None:
        query, target = BAD_QUERIES[name]
        answer = api.get(IMAGES, query)
        assert (answer.status_code, errors(answer)) == (400, [("invalid_value", target)])

    check_each(BAD_QUERIES, check)


def test_images_come_in_pages(api: Api) -> None:
    made(api, name="mine")
    query, names = "limit=5", []
    while query:
        body = api.get(IMAGES, query).json()
        names += [image["name"] for image in body["images"]]
        query = body["next"]["href"].partition("?")[2] if "next" in body else ""
    assert names == [*catalog.stock_images(), "mine"]


# --- changing


def test_an_image_is_renamed_and_nothing_else(api: Api) -> None:
    before = made(api, name="old")
    assert patch(api, before, name="new").json() == before | {"name": "new"}


def test_an_empty_patch_changes_nothing(api: Api) -> None:
    before = made(api, deprecation_at=day(1))
    assert patch(api, before).json() == before


def test_dates_are_set_and_taken_away(api: Api) -> None:
    image = made(api)
    dates = {"deprecation_at": day(1), "obsolescence_at": day(2)}
    assert patch(api, image, **dates).json() == image | dates
    assert patch(api, image, deprecation_at=None, obsolescence_at=None).json() == image


USE_OF_IBMS_TEST = {
    "api_version": "2025-07-02",
    "bare_metal_server": "enable_secure_boot==true",
    "instance": "enable_secure_boot==true",
}


@pytest.mark.parametrize(
    "use",
    [USE_OF_IBMS_TEST, {**USE_OF_IBMS_TEST, "bare_metal_server": " true\n", "instance": " ! false "}],
    ids=["ibm", "spaces"],
)
def test_the_allowed_use_is_kept_as_it_was_sent(api: Api, use: dict[str, str]) -> None:
    image = made(api, allowed_use=use)
    assert (image["allowed_use"], read(api, image)["allowed_use"]) == (use, use)
    patched = patch(api, made(api, name="another"), allowed_use=use).json()
    assert patched["allowed_use"] == use


@pytest.mark.parametrize("part", USE_OF_IBMS_TEST)
def test_each_part_of_the_allowed_use_is_changed_alone(api: Api, part: str) -> None:
    image = made(api)
    answer = patch(api, image, allowed_use={part: USE_OF_IBMS_TEST[part]}).json()
    assert answer["allowed_use"] == image["allowed_use"] | {part: USE_OF_IBMS_TEST[part]}


@pytest.mark.parametrize("days", [-400, 1])
def test_the_version_of_the_request_is_that_of_its_expressions(api: Api, days: int) -> None:
    """And what is answered can be sent back, tomorrow's version, too."""
    version = day(days)[:10]
    body = api.call("POST", IMAGES, BODY, query=f"version={version}&generation=2").json()
    assert body["allowed_use"]["api_version"] == version
    assert patch(api, body, allowed_use=body["allowed_use"]).json()["allowed_use"] == body["allowed_use"]


BAD_PATCHES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "null-name": ({"name": None}, [("invalid_value", NAME)]),
    "ibm-name": ({"name": "ibm-mine"}, [("invalid_value", NAME)]),
    "taken-name": ({"name": "taken"}, [("validation_unique_failed", NAME)]),
    "past": ({"deprecation_at": "2020-01-01T00:00:00Z"}, [("invalid_value", "deprecation_at")]),
    "after-the-end": ({"deprecation_at": "{later}"}, [("invalid_value", "deprecation_at")]),
    "before-the-beginning": ({"obsolescence_at": "{sooner}"}, [("invalid_value", "obsolescence_at")]),
    "expression": ({"allowed_use": {"bare_metal_server": ""}}, [("invalid_value", USE)]),
    "null-use": ({"allowed_use": None}, [("invalid_value", "allowed_use")]),
    "file": ({"file": FILE}, [("unknown_field", "file")]),
    "all-at-once": (
        {"name": "ibm-mine", "obsolescence_at": "2020-01-01T00:00:00Z"},
        [("invalid_value", NAME), ("invalid_value", "obsolescence_at"), ("invalid_value", "obsolescence_at")],
    ),
}


def test_a_patch_is_refused(api: Api) -> None:
    def check(name: str) -> None:
        changes, problem = BAD_PATCHES[name]
        made(api, name="taken")
        image = made(api, deprecation_at=day(10), obsolescence_at=day(20))
        dates = {"{later}": day(30), "{sooner}": day(5)}
        answer = patch(api, image, **{key: dates.get(str(value), value) for key, value in changes.items()})
        assert (answer.status_code, errors(answer)) == (400, problem)
        assert read(api, image) == image

    check_each(BAD_PATCHES, alone(check))


# --- deleting


def test_a_deleted_image_is_gone_and_its_name_free(api: Api) -> None:
    image = made(api, name="mine")
    answer = api.call("DELETE", f"{IMAGES}/{image['id']}")
    assert (answer.status_code, answer.content) == (202, b"")
    assert api.get(f"{IMAGES}/{image['id']}").status_code == 404
    assert made(api, name="mine")["id"] != image["id"]


# --- profiles


def test_an_image_names_the_profiles_it_can_be_used_with_by_name(api: Api) -> None:
    path = f"{IMAGES}/{stock_image()['id']}/bare_metal_server_profiles"
    actual_profile = fits(vpc_v1.ImageBareMetalServerProfileCollection, api.get(path).json())
    names = [profile.name for profile in actual_profile.bare_metal_server_profiles]
    assert names == sorted(profile.name for profile in catalog.profiles_of(REGION))


def test_the_profiles_of_an_image_come_in_pages(api: Api) -> None:
    path = f"{IMAGES}/{stock_image()['id']}/bare_metal_server_profiles"
    first = api.get(path, "limit=20").json()
    second = api.get(path, first["next"]["href"].partition("?")[2]).json()
    assert [len(page["bare_metal_server_profiles"]) for page in (first, second)] == [20, 19]


@pytest.mark.parametrize(("expression", "count"), [("enable_secure_boot", 39), ("false", 0)])
def test_an_image_for_no_server_names_no_profile(api: Api, expression: str, count: int) -> None:
    image = made(api, allowed_use={"bare_metal_server": expression})
    body = api.get(f"{IMAGES}/{image['id']}/bare_metal_server_profiles").json()
    assert body["total_count"] == count
