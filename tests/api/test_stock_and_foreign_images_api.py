"""IBM's images, which every account sees and none can change, and the images of other accounts."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from servers import catalog
from servers.models import Image
from servers.services.catalog import seed_images
from tests.api.images import EU_DE, IMAGES, listed, made, read, stock_image
from tests.api.vpc import QUERY, Api, errors, fits
from tests.tables import check_each
from tests.world import MALLORY, REGION, World
from trustedprofiles.selectors import default_resource_group


@pytest.fixture(autouse=True)
def stock(world: World) -> None:
    seed_images(REGION, clock.now())


# --- stock images


def test_the_stock_images_are_listed_in_the_order_of_the_catalog(api: Api) -> None:
    # D-44
    actual_image = fits(vpc_v1.ImageCollection, api.get(IMAGES).json())
    assert [image.name for image in actual_image.images] == list(catalog.stock_images())


def test_own_images_follow_the_stock_images(api: Api) -> None:
    made(api, name="mine")
    assert listed(api) == [*catalog.stock_images(), "mine"]


def test_every_stock_image_has_all_that_the_sdk_requires(api: Api) -> None:
    def check(name: str) -> None:
        image = fits(vpc_v1.Image, read(api, stock_image(name)))
        assert (image.visibility, image.status, image.catalog_offering.managed) == ("public", "available", False)
        assert [zone.name for zone in image.zones] == ["us-south-1", "us-south-2", "us-south-3"]

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
        actual_profile = fits(vpc_v1.ImageInstanceProfileCollection, api.get(path, query).json())
        names += [profile.name for profile in actual_profile.instance_profiles]
        query = actual_profile.next.href.partition("?")[2] if actual_profile.next else ""
    assert names == sorted(set(names))
    assert (len(names), bool(names)) == (actual_profile.total_count, bool(some))
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
    actual_event = ActivityEvent.objects.get(request_id=answer["X-Request-Id"])
    assert (actual_event.action, actual_event.target_id) == (f"is.image.image.{event}", image["crn"])
