"""Images that are deprecated or obsolete."""

from datetime import UTC, datetime
from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.kernel import clock
from servers.services.catalog import seed_images
from tests.api.images import IMAGES, day, made, patch, read
from tests.api.vpc import Api, errors, fits
from tests.world import REGION, World


@pytest.fixture(autouse=True)
def stock(world: World) -> None:
    seed_images(REGION, clock.now())


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
