"""Images: IBM's, which everybody sees and nobody changes, and the account's own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock, timestamps
from servers import catalog
from servers.models import Image
from servers.services.catalog import seed_images
from tests.api.vpc import QUERY, Api, errors, fits
from tests.tables import alone, assert_rows, check_each
from tests.world import ACCOUNT, MALLORY, REGION, World
from trustedprofiles.selectors import default_resource_group

IMAGES = "/v1/images"
EU_DE = "eu-de.iaas.cloud.ibm.com"
FILE = {"href": "cos://us-south/my-bucket/my-image.qcow2"}
BODY = {"file": FILE, "operating_system": {"name": "ubuntu-22-04-amd64"}}


@pytest.fixture(autouse=True)
def stock(world: World) -> None:
    seed_images(REGION, clock.now())


def day(days: float) -> str:
    return timestamps.seconds(clock.now() + timedelta(days=days))


def made(api: Api, **rest: Any) -> dict[str, Any]:
    answer = api.call("POST", IMAGES, BODY | rest)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def listed(api: Api, query: str = "", **headers: str) -> list[str]:
    return [image["name"] for image in api.get(IMAGES, f"limit=100&{query}", **headers).json()["images"]]


def patch(api: Api, image: dict[str, Any], **changes: Any) -> Any:
    return api.call("PATCH", f"{IMAGES}/{image['id']}", changes)


def read(api: Api, image: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"{IMAGES}/{image['id']}").json()
    return body


def stock_image(name: str = "ibm-ubuntu-22-04-5-minimal-amd64-5") -> dict[str, Any]:
    return {"id": Image.objects.get(name=name, region=REGION).id}


# --- stock images


def test_the_stock_images_are_listed_in_the_order_of_the_catalog(api: Api) -> None:
    # D-44
    found = fits(vpc_v1.ImageCollection, api.get(IMAGES).json())
    assert [image.name for image in found.images] == list(catalog.stock_images())


def test_own_images_follow_the_stock_images(api: Api) -> None:
    made(api, name="mine")
    assert listed(api) == [*catalog.stock_images(), "mine"]


def test_every_stock_image_has_all_that_the_sdk_requires(api: Api) -> None:
    def check(name: str) -> None:
        found = fits(vpc_v1.Image, read(api, stock_image(name)))
        assert (found.visibility, found.status, found.catalog_offering.managed) == ("public", "available", False)
        assert [zone.name for zone in found.zones] == ["us-south-1", "us-south-2", "us-south-3"]

    check_each(catalog.stock_images(), check)


def test_a_stock_image_is_of_ibms_account(api: Api) -> None:
    # D-43
    account = {"id": catalog.PROVIDER_ACCOUNT, "resource_type": "account"}
    body = read(api, stock_image())
    assert body["remote"] == {"account": account}
    assert body["crn"] == f"crn:v1:bluemix:public:is:{REGION}:a/{catalog.PROVIDER_ACCOUNT}::image:{body['id']}"


@pytest.mark.parametrize(("name", "owner"), [("stock", "provider"), ("own", "user")])
def test_before_june_2025_an_image_says_what_type_of_owner_it_has(api: Api, name: str, owner: str) -> None:
    image = stock_image() if name == "stock" else made(api)
    body = api.call("GET", f"{IMAGES}/{image['id']}", query="version=2025-06-29&generation=2").json()
    assert (body["owner_type"], "remote" in body) == (owner, False)


def test_every_region_gets_the_stock_images(api: Api) -> None:
    def check(region: str) -> None:
        seed_images(region, clock.now())
        assert listed(api, Host=f"{region}.iaas.cloud.ibm.com") == list(catalog.stock_images())

    check_each(catalog.regions(), check)


def test_stock_images_are_made_once() -> None:
    assert seed_images(REGION, clock.now()) == 0
    assert Image.objects.count() == len(catalog.stock_images())


def test_a_stock_image_that_is_missing_is_made_again_under_its_id() -> None:
    before = stock_image()
    Image.objects.get(id=before["id"]).delete()
    assert (seed_images(REGION, clock.now()), stock_image()) == (1, before)


def test_the_expression_of_an_image_is_shown(api: Api) -> None:
    use = read(api, stock_image("ibm-centos-7-9-minimal-amd64-12"))["allowed_use"]
    assert (use["bare_metal_server"], use["instance"]) == ("enable_secure_boot == false", "true")


CHANGES: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"name": "mine"}),
    ("DELETE", "", None),
    ("POST", "/deprecate", None),
    ("POST", "/obsolete", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_stock_image_cannot_be_changed(api: Api, method: str, path: str, body: Any) -> None:
    before = read(api, stock_image())
    answer = api.call(method, f"{IMAGES}/{before['id']}{path}", body)
    assert (answer.status_code, errors(answer)) == (403, [("not_authorized", "")])
    assert read(api, before) == before


# --- creating


def test_an_own_image_has_all_that_the_sdk_requires(api: Api) -> None:
    body = made(api, name="mine")
    found = fits(vpc_v1.Image, body)
    assert (found.name, found.visibility, found.status) == ("mine", "private", "available")
    assert body["crn"] == f"crn:v1:bluemix:public:is:us-south:a/{ACCOUNT}::image:{body['id']}"
    assert "remote" not in body


def test_an_image_answers_as_it_was_made(api: Api) -> None:
    # D-41
    body = made(api)
    assert read(api, body) == body


def test_an_image_without_a_name_is_given_four_words(api: Api) -> None:
    assert len(made(api)["name"].split("-")) == 4


def test_an_image_inherits_the_format_of_its_operating_system(api: Api) -> None:
    body = made(
        api, operating_system={"href": "https://us-south.iaas.cloud.ibm.com/v1/operating_systems/esxi-8-byol-amd64"}
    )
    assert (body["user_data_format"], body["operating_system"]["name"]) == ("esxi_kickstart", "esxi-8-byol-amd64")


def test_an_image_has_the_dates_and_the_expression_it_was_given(api: Api) -> None:
    dates = {"deprecation_at": day(1), "obsolescence_at": day(2)}
    use = {"bare_metal_server": "!enable_secure_boot", "instance": "true", "api_version": "2025-01-01"}
    body = made(api, allowed_use=use, **dates)
    assert {name: body[name] for name in dates} == dates
    assert body["allowed_use"]["bare_metal_server"] == "!enable_secure_boot"


def test_an_image_goes_into_the_group_that_is_named(api: Api, world: World) -> None:
    group = default_resource_group(world.account.id)
    assert made(api, resource_group={"id": group.id})["resource_group"]["id"] == group.id


NAME, USE = "name", "allowed_use.bare_metal_server"
BAD_FILES: list[Any] = [
    "cos://us-south/my-bucket/image.iso",
    "cos://us-south/image.qcow2",
    "cos://us-south//image.qcow2",
    "https://us-south/my-bucket/image.qcow2",
    "my-bucket/image.qcow2",
    "cos://us-south/my-bucket/an image.qcow2",
    "cos://us-south/my-bucket/image.qcow2?versionId=1",
    "cos://us-south/my-bucket/image.qcow2\n",
    "cos://us-south/my-bucket/" + "i" * 2048 + ".qcow2",
    "",
    5,
    None,
]
BAD_BODIES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "nothing": ({"file": None}, [("invalid_value", "file")]),
    "file-text": ({"file": "cos://us-south/b/i.qcow2"}, [("invalid_value", "file")]),
    "no-href": ({"file": {}}, [("missing_field", "file.href")]),
    "system": ({"operating_system": {"name": "templeos"}}, [("bad_field", "operating_system")]),
    "system-text": ({"operating_system": "ubuntu-22-04-amd64"}, [("invalid_value", "operating_system")]),
    "ibm-name": ({"name": "ibm-mine"}, [("invalid_value", NAME)]),
    "bad-name": ({"name": "Mine"}, [("invalid_value", NAME)]),
    "group": ({"resource_group": {"id": "none"}}, [("bad_field", "resource_group")]),
    "expression": ({"allowed_use": {"bare_metal_server": "gpu.count > 1"}}, [("invalid_value", USE)]),
    "long-expression": (
        {"allowed_use": {"bare_metal_server": "true" + " " * 300 + "||true"}},
        [("invalid_value", USE)],
    ),
    "ipxe": ({"operating_system": {"name": "ipxe-amd64"}}, [("invalid_value", "operating_system")]),
    "instance": ({"allowed_use": {"instance": "vcpu.size > 1"}}, [("invalid_value", "allowed_use.instance")]),
    "api-version": ({"allowed_use": {"api_version": "2018-12-31"}}, [("invalid_value", "allowed_use.api_version")]),
    "api-version-ahead": (
        {"allowed_use": {"api_version": "2999-01-01"}},
        [("invalid_value", "allowed_use.api_version")],
    ),
    "past": ({"deprecation_at": "2020-01-01T00:00:00Z"}, [("invalid_value", "deprecation_at")]),
    "past-obsolescence": ({"obsolescence_at": "2020-01-01T00:00:00Z"}, [("invalid_value", "obsolescence_at")]),
    "no-date": ({"deprecation_at": "soon"}, [("invalid_value", "deprecation_at")]),
    "number-date": ({"deprecation_at": 5}, [("invalid_value", "deprecation_at")]),
    "null-date": ({"deprecation_at": None}, [("invalid_value", "deprecation_at")]),
    "overflowing-date": ({"deprecation_at": "9999-12-31T23:59:59-14:00"}, [("invalid_value", "deprecation_at")]),
    "volume": ({"source_volume": {"id": "r006-v"}}, [("not_supported", "source_volume")]),
    "encrypted": (
        {"encrypted_data_key": "AAAA", "encryption_key": {"crn": "crn:v1:key"}},
        [("not_supported", "encrypted_data_key"), ("not_supported", "encryption_key")],
    ),
    "all-at-once": (
        {"operating_system": {"name": "none"}, "name": "ibm-mine", "resource_group": {"id": "none"}},
        [("bad_field", "operating_system"), ("bad_field", "resource_group"), ("invalid_value", NAME)],
    ),
}


def test_a_file_is_refused(api: Api) -> None:
    def check(href: Any) -> None:
        answer = api.call("POST", IMAGES, BODY | {"file": {"href": href}})
        assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "file.href")])

    check_each(BAD_FILES, alone(check))


def test_a_body_is_refused(api: Api) -> None:
    def check(name: str) -> None:
        body, refused = BAD_BODIES[name]
        answer = api.call("POST", IMAGES, BODY | body)
        assert (answer.status_code, errors(answer)) == (400, refused)
        assert not Image.objects.exclude(account=None).exists()

    check_each(BAD_BODIES, alone(check))


def test_what_is_required_is_missed(api: Api) -> None:
    answer = api.call("POST", IMAGES, {})
    assert errors(answer) == [("missing_field", "file"), ("missing_field", "operating_system")]


def test_an_image_is_not_deprecated_after_it_is_obsolete(api: Api) -> None:
    answer = api.call("POST", IMAGES, BODY | {"deprecation_at": day(2), "obsolescence_at": day(1)})
    assert errors(answer) == [("invalid_value", "obsolescence_at")]


def test_a_name_is_given_once_in_a_region(api: Api) -> None:
    made(api, name="mine")
    answer = api.call("POST", IMAGES, BODY | {"name": "mine"})
    assert (answer.status_code, errors(answer)) == (400, [("validation_unique_failed", NAME)])


def test_another_region_and_another_account_may_have_the_same_name(api: Api) -> None:
    made(api, name="mine")
    body = BODY | {"name": "mine"}
    answers = [api.call("POST", IMAGES, body, Host=EU_DE), Api(MALLORY).call("POST", IMAGES, body)]
    assert [answer.status_code for answer in answers] == [201, 201]


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
    found = {name: listed(api, query.format(group=group)) for name, (query, _) in FILTERS.items()}
    assert_rows(found, {name: expected for name, (_, expected) in FILTERS.items()})


BAD_QUERIES = {
    "start": ("start=none", "start"),
    "limit": ("limit=0", "limit"),
    "visibility": ("visibility=secret", "visibility"),
    "status": ("status=new", "status"),
    "one-status": ("status=available,new", "status"),
    "empty-status": ("status=", "status"),
    "format": ("user_data_format=ignition", "user_data_format"),
}


@pytest.mark.parametrize(("query", "target"), BAD_QUERIES.values(), ids=BAD_QUERIES.keys())
def test_a_query_is_refused(api: Api, query: str, target: str) -> None:
    answer = api.get(IMAGES, query)
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", target)])


def test_images_come_in_pages(api: Api) -> None:
    made(api, name="mine")
    query, seen = "limit=5", []
    while query:
        body = api.get(IMAGES, query).json()
        seen += [image["name"] for image in body["images"]]
        query = body["next"]["href"].partition("?")[2] if "next" in body else ""
    assert seen == [*catalog.stock_images(), "mine"]


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


@pytest.mark.parametrize(("changes", "refused"), BAD_PATCHES.values(), ids=BAD_PATCHES.keys())
def test_a_patch_is_refused(api: Api, changes: dict[str, Any], refused: list[tuple[str, str]]) -> None:
    made(api, name="taken")
    image = made(api, deprecation_at=day(10), obsolescence_at=day(20))
    dates = {"{later}": day(30), "{sooner}": day(5)}
    answer = patch(api, image, **{key: dates.get(str(value), value) for key, value in changes.items()})
    assert (answer.status_code, errors(answer)) == (400, refused)
    assert read(api, image) == image


# --- deprecated, obsolete


def retire(api: Api, image: dict[str, Any], how: str) -> Any:
    return api.call("POST", f"{IMAGES}/{image['id']}/{how}")


def test_a_deprecated_image_can_be_used_and_says_since_when(api: Api) -> None:
    image = made(api)
    assert retire(api, image, "deprecate").status_code == 204
    body = fits(vpc_v1.Image, read(api, image))
    assert (body.status, len(body.zones)) == ("deprecated", 3)
    assert body.deprecation_at <= datetime.now(UTC)


@pytest.mark.parametrize("before", ["available", "deprecated"])
def test_an_obsolete_image_is_available_nowhere(api: Api, before: str) -> None:
    image = made(api)
    if before == "deprecated":
        retire(api, image, "deprecate")
    assert retire(api, image, "obsolete").status_code == 204
    body = read(api, image)
    assert (body["status"], body["zones"], "obsolescence_at" in body) == ("obsolete", [], True)


REFUSED_STEPS: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "deprecate-twice": ({}, ["deprecate"], "deprecate"),
    "deprecate-obsolete": ({}, ["obsolete"], "deprecate"),
    "deprecate-with-a-date": ({"deprecation_at": 1}, [], "deprecate"),
    "obsolete-twice": ({}, ["obsolete"], "obsolete"),
    "obsolete-with-a-date": ({"obsolescence_at": 1}, [], "obsolete"),
    "obsolete-before-deprecation": ({"deprecation_at": 1}, [], "obsolete"),
}


@pytest.mark.parametrize(("dates", "steps", "last"), REFUSED_STEPS.values(), ids=REFUSED_STEPS.keys())
def test_a_step_is_refused_in_the_wrong_state(api: Api, dates: dict[str, Any], steps: list[str], last: str) -> None:
    # D-45
    image = made(api, **{name: day(days) for name, days in dates.items()})
    for step in steps:
        retire(api, image, step)
    before = read(api, image)
    answer = retire(api, image, last)
    assert (answer.status_code, errors(answer)) == (409, [("conflict", "")])
    assert read(api, image) == before


@pytest.mark.parametrize("steps", [["deprecate"], ["deprecate", "obsolete"], ["obsolete"]])
def test_taking_the_dates_away_makes_an_image_available_again(api: Api, steps: list[str]) -> None:
    image = made(api)
    for step in steps:
        retire(api, image, step)
    assert patch(api, image, deprecation_at=None, obsolescence_at=None).json() == image


def test_an_obsolete_image_that_was_deprecated_is_that_again(api: Api) -> None:
    image = made(api)
    retire(api, image, "deprecate")
    retire(api, image, "obsolete")
    assert patch(api, image, obsolescence_at=None).json()["status"] == "deprecated"


@pytest.mark.parametrize(("step", "date"), [("deprecate", "deprecation_at"), ("obsolete", "obsolescence_at")])
def test_a_date_that_was_reached_cannot_be_changed(api: Api, step: str, date: str) -> None:
    image = made(api)
    retire(api, image, step)
    answer = patch(api, image, **{date: day(1)})
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", date)])


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
    found = fits(vpc_v1.ImageBareMetalServerProfileCollection, api.get(path).json())
    names = [profile.name for profile in found.bare_metal_server_profiles]
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


# --- whose they are


EXPRESSIONS = {
    "all": ("true", {"bx2-2x8", "gx3-32x160x2l4", "mx4d-8x64"}, {"bz2-2x8"}),
    "none": ("false", set(), {"bx2-2x8"}),
    "small": ("vcpu.count <= 4", {"bx2-2x8", "nxf-1x1"}, {"bx2-8x32", "gx3-16x80x1l4"}),
    "gpus": ("gpu.count > 1 && gpu.manufacturer == 'nvidia' && enable_secure_boot", {"gx3-32x160x2l4"}, {"bx2-2x8"}),
    "gpu-memory": ("gpu.memory == 96", {"gx3-48x240x2l40s", "gx3-64x320x4l4"}, {"gx3-24x120x1l40s"}),
    "metadata": ("metadata_service.enabled && metadata_service.protocol == 'https'", {"bx2-2x8"}, set()),
}


@pytest.mark.parametrize(("expression", "some", "not_these"), EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_image_lists_the_instance_profiles_that_its_allowed_use_allows(
    api: Api, expression: str, some: set[str], not_these: set[str]
) -> None:
    path = f"{IMAGES}/{made(api, allowed_use={'instance': expression})['id']}/instance_profiles"
    names: list[str] = []
    query = "limit=100"
    while query:
        found = fits(vpc_v1.ImageInstanceProfileCollection, api.get(path, query).json())
        names += [profile.name for profile in found.instance_profiles]
        query = found.next.href.partition("?")[2] if found.next else ""
    assert names == sorted(set(names))
    assert (len(names), bool(names)) == (found.total_count, bool(some))
    assert some <= set(names)
    assert not not_these & set(names)


@pytest.mark.parametrize("name", ["ibm-esxi-8-0u3-byol-amd64-2", "ibm-ipxe-20240326-amd64-1"])
def test_an_image_for_bare_metal_servers_alone_lists_no_instance_profile(api: Api, name: str) -> None:
    [image] = api.get(IMAGES, f"name={name}").json()["images"]
    assert api.get(f"{IMAGES}/{image['id']}/instance_profiles").json()["instance_profiles"] == []


ALL_CALLS = [
    ("GET", "", None),
    ("GET", "/bare_metal_server_profiles", None),
    ("GET", "/instance_profiles", None),
    *CHANGES,
]


@pytest.mark.parametrize(("method", "path", "body"), ALL_CALLS)
def test_another_account_and_another_region_find_no_own_image(api: Api, method: str, path: str, body: Any) -> None:
    image = made(api, name="secret")
    full = f"{IMAGES}/{image['id']}{path}"
    answers = [Api(MALLORY).call(method, full, body), api.call(method, full, body, Host=EU_DE)]
    assert [(answer.status_code, errors(answer)) for answer in answers] == [(404, [("not_found", "")])] * 2
    assert read(api, image) == image


def test_another_account_and_another_region_list_no_own_image(api: Api) -> None:
    made(api, name="secret")
    assert "secret" not in listed(Api(MALLORY)) + listed(api, Host=EU_DE)


def test_a_stock_image_of_another_region_is_not_found(api: Api) -> None:
    seed_images("eu-de", clock.now())
    path = f"{IMAGES}/{stock_image()['id']}"
    assert [api.get(path).status_code, api.get(path, Host=EU_DE).status_code] == [200, 404]


def test_another_account_filters_by_its_own_group(api: Api, world: World) -> None:
    made(api, name="secret")
    group = default_resource_group(world.account.id)
    assert listed(Api(MALLORY), f"resource_group.id={group.id}") == []


def test_a_missing_image_is_not_found(api: Api) -> None:
    answer = api.get(f"{IMAGES}/r006-none")
    assert (answer.status_code, errors(answer)) == (404, [("not_found", "")])


EVENTS = [
    ("GET", "", None, "read"),
    ("GET", "/bare_metal_server_profiles", None, "read"),
    ("PATCH", "", {"name": "new"}, "update"),
    ("POST", "/deprecate", None, "update"),
    ("POST", "/obsolete", None, "update"),
    ("DELETE", "", None, "delete"),
]


@pytest.mark.parametrize(("method", "path", "body", "event"), EVENTS)
def test_each_call_leaves_one_event_on_the_image(api: Api, method: str, path: str, body: Any, event: str) -> None:
    image = made(api)
    answer = api.call(method, f"{IMAGES}/{image['id']}{path}", body, query=QUERY)
    found = ActivityEvent.objects.get(request_id=answer["X-Request-Id"])
    assert (found.action, found.target_id) == (f"is.image.image.{event}", image["crn"])
