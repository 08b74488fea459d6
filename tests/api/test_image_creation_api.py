"""Creating images: what a request may say, and how an image is answered."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.kernel import clock
from servers.models import Image
from servers.services.catalog import seed_images
from tests.api.images import BODY, EU_DE, IMAGES, NAME, USE, day, made, read
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, check_each
from tests.world import ACCOUNT, MALLORY, REGION, World
from trustedprofiles.selectors import default_resource_group


@pytest.fixture(autouse=True)
def stock(world: World) -> None:
    seed_images(REGION, clock.now())


def test_an_own_image_has_all_that_the_sdk_requires(api: Api) -> None:
    body = made(api, name="mine")
    image = fits(vpc_v1.Image, body)
    assert (image.name, image.visibility, image.status) == ("mine", "private", "available")
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
        body, problem = BAD_BODIES[name]
        answer = api.call("POST", IMAGES, BODY | body)
        assert (answer.status_code, errors(answer)) == (400, problem)
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
