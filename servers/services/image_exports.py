"""Image export jobs: an image is written into a bucket of its account, in two steps by the domain's clock.

The rules are those of the VPC API reference ("Create an export job for an image") and of the VPC documentation
("Managing custom images"). As with servers, each step is a conditional UPDATE, and its due time is in the row.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from controlplane.activity.record import SYSTEM, Party
from controlplane.kernel import clock, ids
from controlplane.kernel.due_rows import take_each
from controlplane.kernel.enqueue import enqueue
from controlplane.kernel.errors import ApiError, BadField, Conflict, Target
from controlplane.kernel.task_names import IMAGE_EXPORT_STEP
from servers import disk_images
from servers.events import IMAGE, IMAGE_EXPORT_JOB, record_change
from servers.lifecycle import provoked_failure
from servers.models import Image, ImageExportJob
from servers.services.naming import random_name, save_named
from servers.services.object_store import Bucket, object_store
from servers.services.row_locks import lock_row, lock_rows, make_room
from servers.services.transitions import due, next_step_at, transition_time
from trustedprofiles.services.tags import forget

log = structlog.get_logger(__name__)

EXPORTABLE = ("available", "deprecated", "obsolete", "unusable")
Status = ImageExportJob.Status
ACTIVE = (Status.QUEUED, Status.RUNNING)
STEPS = 2
CANNOT_ACCESS, INTERNAL = "cannot_access_storage_bucket", "internal_error"
FAILURES: Mapping[str, str] = {
    CANNOT_ACCESS: "The storage bucket could not be accessed.",
    INTERNAL: "The image could not be exported.",
}
"""The status reason codes, which a job's name can provoke (``lifecycle.provoked_failure``)."""
PREFIX = 16
LONGEST_NAME = 63


@transaction.atomic
def create_export_job(
    image: Image, *, bucket: Bucket, format: str = "qcow2", name: str = "", by: Party
) -> ImageExportJob:
    """Queue the export of an account's own image; the caller may write to the bucket.

    Raises BadField for a bucket that does not exist, Conflict for an image that has no file, OverQuota, NotUnique.
    """
    if not bucket.is_there:
        raise BadField("storage_bucket names no bucket of the account.", target=Target("storage_bucket"))
    assert image.account  # noqa: S101  IBM's images are not exported
    region_wide = ImageExportJob.objects.filter(
        image__account=image.account, image__region=image.region, status__in=ACTIVE
    )
    make_room("active_image_export_jobs_of_account", within=image.account, beside=region_wide)
    image = lock_row(image)
    if image.status not in EXPORTABLE:
        raise Conflict(f"The image {image.name} is {image.status}, and cannot be exported.")
    make_room("active_image_export_jobs", within=image, beside=image.export_jobs.filter(status__in=ACTIVE))
    make_room("image_export_jobs", within=image, beside=image.export_jobs.all())
    now = clock.now()
    name = name or "-".join((image.name[:PREFIX], random_name()))[:LONGEST_NAME].rstrip("-")
    job = ImageExportJob(
        id=ids.regional_id(image.region),
        name=name,
        image=image,
        format=format,
        bucket_name=bucket.name,
        bucket_crn=bucket.crn,
        bucket_region=bucket.region,
        object_name=_object_name(image, name, format, bucket),
        due_at=now + _delay(),
        created_at=now,
    )
    save_named(job)
    record_change(f"{IMAGE_EXPORT_JOB}.create", image, by=by, status=201)
    _send(job)
    return job


@transaction.atomic
def rename_export_job(job: ImageExportJob, *, name: str | None = None, by: Party) -> ImageExportJob:
    """Rename a job; the name of its object in the bucket does not change. Raises NotUnique."""
    job = lock_row(job)
    job.name = name or job.name
    save_named(job)
    record_change(f"{IMAGE_EXPORT_JOB}.update", job.image, by=by)
    return job


@transaction.atomic
def delete_export_job(job: ImageExportJob, *, by: Party) -> None:
    """Delete a job. An unfinished job then writes nothing; the object of a finished one remains."""
    image = lock_row(job.image)
    lock_row(job).delete()
    record_change(f"{IMAGE_EXPORT_JOB}.delete", image, by=by, status=202)
    _let_go(image)


def advance(job_id: str, *, now: datetime) -> bool:
    """Take the next step of a job if it is due. Returns whether this call took it."""
    job = ImageExportJob.objects.filter(due(now, column="due_at"), id=job_id).select_related("image").first()
    if job is None:
        return False
    return _start(job, now=now) if job.status == Status.QUEUED else _complete(job, now=now)


def run_due(now: datetime) -> int:
    """Take every step that is due: the sweep behind lost tasks. Returns how many were taken."""
    waiting = ImageExportJob.objects.filter(due(now, column="due_at")).order_by("due_at").values_list("id", flat=True)
    return take_each(waiting, advance, now=now, what="an image export job", key="job_id")


def due_at(now: datetime) -> datetime | None:
    """Return when the next step is due; None while every job has ended."""
    return next_step_at(ImageExportJob.objects.all(), now, column="due_at")


@transaction.atomic
def _start(job: ImageExportJob, *, now: datetime) -> bool:
    if is_first := _take(job, status=Status.RUNNING, started_at=now, due_at=now + _delay()):
        _send(job)
    return is_first


def _complete(job: ImageExportJob, *, now: datetime) -> bool:
    """Write the image. A job that cannot write to its bucket fails and leaves no object behind."""
    if reason := provoked_failure(FAILURES, job.name):
        return _fail(job, *reason, now=now)
    image = job.image
    content = disk_images.FORMATS[job.format](
        image.minimum_provisioned_size * disk_images.GIGABYTE,
        serial=uuid.uuid5(uuid.NAMESPACE_URL, image.crn),
        created=int(image.created_at.timestamp()),
    )
    try:
        return object_store().store(
            job.bucket_crn,
            key=job.object_name,
            content=content,
            by=SYSTEM,
            settle=lambda: _end(job, now=now, status=Status.SUCCEEDED),
        )
    except ApiError as refusal:
        return _fail(job, CANNOT_ACCESS, f"{FAILURES[CANNOT_ACCESS]} {refusal.message}", now=now)
    except OSError:
        log.exception("an image could not be written", job_id=job.id)
        return _fail(job, INTERNAL, FAILURES[INTERNAL], now=now)


def _fail(job: ImageExportJob, code: str, message: str, *, now: datetime) -> bool:
    return _end(job, now=now, status=Status.FAILED, failure=ApiError(message, code=code))


@transaction.atomic
def _end(job: ImageExportJob, *, now: datetime, status: str, failure: ApiError | None = None) -> bool:
    if (image := lock_rows(Image, [job.image_id]).get(job.image_id)) is None:
        return False
    reasons = [{"code": failure.code, "message": failure.message}] if failure else []
    if not _take(job, status=status, status_reasons=reasons, completed_at=now, due_at=None):
        return False
    record_change(f"{IMAGE}.export", image, by=SYSTEM, error=failure)
    _let_go(image)
    return True


def _take(job: ImageExportJob, **changes: Any) -> bool:
    """Apply the changes to the job, and return whether this call, and not another worker's, did so."""
    same = ImageExportJob.objects.filter(pk=job.pk, status=job.status, due_at=job.due_at)
    return same.update(**changes) == 1


def _let_go(image: Image) -> None:
    """Delete an image whose deletion was waiting for its export jobs, with the jobs, once none is in progress."""
    if image.status == "deleting" and not image.export_jobs.filter(status__in=ACTIVE).exists():
        forget(image.crn)  # removes tags that were attached meanwhile
        image.delete()


def _object_name(image: Image, name: str, format: str, bucket: Bucket) -> str:
    """Return a name made of both names and unique in the bucket (VPC documentation, "Exporting a custom image")."""
    stem, number = f"{image.name}-{name}", 1
    others = ImageExportJob.objects.filter(bucket_crn=bucket.crn)
    while True:
        key = f"{stem}.{format}" if number == 1 else f"{stem}-{number}.{format}"
        exists = others.filter(object_name=key).exists() or object_store().has_object(bucket.crn, key)
        if not exists:
            return key
        number += 1


def _delay() -> timedelta:
    return transition_time() / STEPS


def _send(job: ImageExportJob) -> None:
    seconds, job_id = _delay().total_seconds(), job.id
    transaction.on_commit(lambda: enqueue(IMAGE_EXPORT_STEP, job_id, after_seconds=seconds), robust=True)
