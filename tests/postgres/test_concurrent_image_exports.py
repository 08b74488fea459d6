"""Image export jobs taken on, cancelled and their images deleted at the same moment: one wins, nothing is torn."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.deployment.home import Home
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError, OverQuota
from controlplane.objectstore import files, service_writes
from controlplane.objectstore.models import Piece, StoredObject
from controlplane.objectstore.services import create_bucket
from servers.models import Image, ImageExportJob
from servers.services import image_exports
from servers.services.image_exports import advance, create_export_job, delete_export_job
from servers.services.images import create_image, delete_image
from tests.instances import store_instance
from tests.world import ACCOUNT, REGION, make_world
from trustedprofiles.models import Account

BY = Party("IBMid-ALICE00001", "Alice", "User")
ROUNDS = 3

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def place(on_postgresql: None, tmp_path: Any, settings: Any) -> service_writes.BucketReference:
    settings.HOME = Home(tmp_path / "home")
    make_world()
    store_instance(guid="one")
    create_bucket(ACCOUNT, name="bucket", service_instance="one", location="us-south-smart", event="create", by=BY)
    return service_writes.find(ACCOUNT, "bucket")


def make_image(name: str) -> Image:
    account = Account.objects.get(id=ACCOUNT)
    return create_image(
        account, region=REGION, name=name, file="cos://a/b/c.qcow2", operating_system="debian-12-amd64", by=BY
    )


def running(image: Image, place: service_writes.BucketReference) -> ImageExportJob:
    job = create_export_job(image, bucket=place, by=BY)
    assert advance(job.id, now=clock.now() + timedelta(seconds=30))
    job.refresh_from_db()
    return job


def only_refusals(results: list[Any]) -> list[ApiError]:
    raised = [each for each in results if isinstance(each, Exception)]
    assert [each for each in raised if not isinstance(each, ApiError)] == []
    return raised


def no_file_without_a_row() -> bool:
    there = {file.name for group in files.groups() for file in group}
    return there == set(Piece.objects.values_list("file", flat=True))


def test_one_of_many_workers_writes_the_object(place: service_writes.BucketReference, together: Together) -> None:
    for number in range(ROUNDS):
        job = running(make_image(f"image-{number}"), place)
        later = clock.now() + timedelta(seconds=30)
        assert sorted(together([partial(advance, job.id, now=later)] * 4)) == [False, False, False, True]
    assert StoredObject.objects.count() == ROUNDS
    assert no_file_without_a_row()


def test_a_quota_is_kept_exactly(place: service_writes.BucketReference, together: Together, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"active_image_export_jobs_of_account": 2}
    images = [make_image(f"image-{number}") for number in range(4)]
    results = together([partial(create_export_job, image, bucket=place, by=BY) for image in images])
    assert [type(each) for each in only_refusals(results)] == [OverQuota] * 2


def test_a_job_is_over_cancelled_or_taken_with_its_image(
    place: service_writes.BucketReference, together: Together
) -> None:
    for number in range(ROUNDS):
        image = make_image(f"image-{number}")
        job = running(image, place)
        later = clock.now() + timedelta(seconds=30)
        calls = [
            partial(advance, job.id, now=later),
            partial(delete_export_job, job, by=BY),
            partial(delete_image, image, by=BY),
            partial(create_export_job, image, bucket=place, by=BY),
        ]
        only_refusals(together(calls))
        while image_exports.run_due(clock.now() + timedelta(days=1)):
            pass
        assert not Image.objects.filter(pk=image.pk).exists()
    assert no_file_without_a_row()
