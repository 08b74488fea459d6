"""Images reach their dates by themselves."""

from datetime import datetime, timedelta

import pytest

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, NotFound
from servers.models import Image
from servers.services.images import (
    create_image,
    delete_image,
    deprecate_image,
    obsolete_image,
    retire_due,
    update_image,
)
from tests.world import REGION, World

BY = Party("IBMid-ALICE00001", "Alice", "User")
FILE = "cos://us-south/my-bucket/my-image.qcow2"


@pytest.fixture
def start() -> datetime:
    return clock.now()


@pytest.fixture
def image(world: World, start: datetime) -> Image:
    return create_image(
        world.account,
        region=REGION,
        file=FILE,
        operating_system="ubuntu-22-04-amd64",
        deprecation_at=start + timedelta(days=1),
        obsolescence_at=start + timedelta(days=2),
        by=BY,
    )


@pytest.mark.parametrize(
    ("days", "status"), [(0.5, "available"), (1, "deprecated"), (1.5, "deprecated"), (2, "obsolete"), (9, "obsolete")]
)
def test_an_image_is_what_its_dates_say(image: Image, start: datetime, days: float, status: str) -> None:
    retire_due(start + timedelta(days=days))
    image.refresh_from_db()
    assert image.status == status


def test_a_sweep_counts_what_it_changes(image: Image, start: datetime) -> None:
    counts = [retire_due(start + timedelta(days=days)) for days in (0, 1, 1, 2, 3)]
    assert counts == [0, 1, 0, 1, 0]


@pytest.mark.parametrize("act", [deprecate_image, obsolete_image])
def test_a_date_that_was_reached_counts_before_the_sweep(
    image: Image, act: object, start: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=3))
    with pytest.raises(Conflict, match="It is obsolete"):
        act(image, by=BY)  # type: ignore[operator]


def test_an_image_that_was_deleted_meanwhile_is_not_brought_back(image: Image) -> None:
    stale = Image.objects.get(pk=image.pk)
    delete_image(image, by=BY)
    with pytest.raises(NotFound):
        update_image(stale, {"name": "again"}, by=BY)
    assert not Image.objects.exists()
