"""``/v1/images/{image_id}/export_jobs``."""

from typing import Any, Literal, NotRequired, TypedDict

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictSerializer
from controlplane.kernel.operation import NAME, Operation
from servers.api.extra_permissions import require_on
from servers.api.images import OneImageView
from servers.api.reference_responses import Hrefs
from servers.api.shared_requests import NameField, ReferenceField
from servers.api.shared_responses import NamedReference
from servers.disk_images import FORMATS
from servers.events import IMAGE, IMAGE_EXPORT_JOB
from servers.models import Image
from servers.models import ImageExportJob as Row
from servers.services import image_exports as services
from servers.services.object_store import object_store

PUT_OBJECT = "cloud-object-storage.object.put"


class JobNameField(NameField):
    """``1-of-2``: like other names, but it may begin with a digit."""

    default_error_messages = {
        "invalid": "A name has 1 to 63 lower-case letters, digits and hyphens, at least one letter or hyphen among "
        "them, and neither begins nor ends with a hyphen."
    }
    pattern = r"\A(?!\d+\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z"


class BucketField(ReferenceField):
    """A bucket by its name or its CRN; reads as that."""

    def __init__(self, **options: Any) -> None:
        super().__init__("name", "crn", **options)

    def to_internal_value(self, data: Any) -> str:
        super().to_internal_value(data)
        [word] = data.values()
        return str(word)


class CreateJobBody(StrictSerializer):
    storage_bucket = BucketField()
    format = serializers.ChoiceField(choices=list(FORMATS), required=False)
    name = JobNameField(required=False)


class UpdateJobBody(StrictSerializer):
    name = JobNameField(required=False)


class CloudObjectStorageBucketReference(TypedDict):
    crn: str
    name: str


class CloudObjectStorageObjectReference(TypedDict):
    name: str


class ImageExportJobStatusReason(TypedDict):
    code: Literal["cannot_access_storage_bucket", "internal_error"]
    message: str


class ImageExportJob(NamedReference):
    completed_at: NotRequired[str]
    created_at: str
    format: Literal["qcow2", "vhd"]
    id: str
    resource_type: Literal["image_export_job"]
    started_at: NotRequired[str]
    status: Literal["failed", "queued", "running", "succeeded"]
    status_reasons: list[ImageExportJobStatusReason]
    storage_bucket: CloudObjectStorageBucketReference
    storage_href: str
    storage_object: CloudObjectStorageObjectReference


class ImageExportJobUnpaginatedCollection(TypedDict):
    """All jobs, the newest first: an image has at most ten."""

    export_jobs: list[ImageExportJob]


def job_body(job: Row, image: Image, hrefs: Hrefs) -> ImageExportJob:
    body: ImageExportJob = {
        "created_at": timestamps.seconds(job.created_at),
        "format": job.format,  # type: ignore[typeddict-item]
        "href": hrefs("images", image.id, "export_jobs", job.id),
        "id": job.id,
        "name": job.name,
        "resource_type": "image_export_job",
        "status": job.status,  # type: ignore[typeddict-item]
        "status_reasons": job.status_reasons,
        "storage_bucket": {"crn": job.bucket_crn, "name": job.bucket_name},
        "storage_href": job.storage_href,
        "storage_object": {"name": job.object_name},
    }
    if job.started_at:
        body["started_at"] = timestamps.seconds(job.started_at)
    if job.completed_at:
        body["completed_at"] = timestamps.seconds(job.completed_at)
    return body


class JobView(OneImageView):
    def jobs(self) -> QuerySet[Row]:
        return self.image.export_jobs.select_related("image")

    def answered(self, job: Row) -> Response:
        return self.answer(job_body(job, self.image, self.hrefs))


class ImageExportJobs(JobView):
    operations = {
        "GET": Operation(
            "list_image_export_jobs",
            f"{IMAGE}.read",
            f"{IMAGE_EXPORT_JOB}.list",
            answer=ImageExportJobUnpaginatedCollection,
            query=(NAME,),
        ),
        "POST": Operation(
            "create_image_export_job",
            f"{IMAGE}.export",
            f"{IMAGE_EXPORT_JOB}.create",
            recorded_by_service=True,
            status=201,
            body=CreateJobBody,
            answer=ImageExportJob,
            also=(f"{IMAGE}.operate",),
            further=(PUT_OBJECT,),
        ),
    }

    def get(self, request: Request, image_id: str) -> Response:
        rows = self.filtered(self.jobs(), {NAME: "name"}).order_by("-created_at", "name")
        return self.answer({"export_jobs": [job_body(row, self.image, self.hrefs) for row in rows]})

    def post(self, request: Request, image_id: str) -> Response:
        """Create a job; access to the bucket is also required (IBM VPC documentation, "Exporting a custom image")."""
        body = self.body
        bucket = object_store().find(self.caller.account_id, body.pop("storage_bucket"))
        require_on(self.caller, PUT_OBJECT, bucket.policy_attributes, path="storage_bucket")
        return self.answered(services.create_export_job(self.image, bucket=bucket, by=self.by, **body))


class OneImageExportJob(JobView):
    operations = {
        "GET": Operation("get_image_export_job", f"{IMAGE}.read", f"{IMAGE_EXPORT_JOB}.read", answer=ImageExportJob),
        "PATCH": Operation(
            "update_image_export_job",
            f"{IMAGE}.export",
            f"{IMAGE_EXPORT_JOB}.update",
            recorded_by_service=True,
            body=UpdateJobBody,
            answer=ImageExportJob,
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_image_export_job",
            f"{IMAGE}.export",
            f"{IMAGE_EXPORT_JOB}.delete",
            recorded_by_service=True,
            status=202,
            conflicts=False,
        ),
    }

    job: Row

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.job = self.find(self.jobs(), id=self.kwargs["job_id"])

    def get(self, request: Request, image_id: str, job_id: str) -> Response:
        return self.answered(self.job)

    def patch(self, request: Request, image_id: str, job_id: str) -> Response:
        return self.answered(services.rename_export_job(self.job, by=self.by, **self.body))

    def delete(self, request: Request, image_id: str, job_id: str) -> Response:
        services.delete_export_job(self.job, by=self.by)
        return self.answer()
