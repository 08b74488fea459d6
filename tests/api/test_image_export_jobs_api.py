"""``/v1/images/{id}/export_jobs``: own images are written into buckets of the account, by the domain's clock."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.crn import Crn
from controlplane.objectstore import files, service_writes
from controlplane.objectstore.models import Bucket, Piece, StoredObject
from controlplane.objectstore.services import create_bucket, delete_bucket
from servers.models import Image, ImageExportJob
from servers.services import image_exports
from servers.services.catalog import seed_images
from tests.api.calling import caller_of
from tests.api.vpc import Api, errors, fits
from tests.instances import store_instance
from tests.policies import make_content
from tests.tables import assert_rows
from tests.world import ACCOUNT, MALLORY, OTHER_ACCOUNT, REGION, World
from trustedprofiles.models import TagAttachment
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.tags import attach_tags

IMAGES = "/v1/images"
BODY = {
    "name": "my-image",
    "file": {"href": "cos://us-south/my-bucket/my-image.qcow2"},
    "operating_system": {"name": "ubuntu-22-04-amd64"},
}
EVENT = "is.image.image-export-job"
BY = Party("IBMid-ALICE00001", "Alice", "User")
BUCKET = {"name": "my-bucket"}


def make_bucket(account_id: str = ACCOUNT, name: str = "my-bucket") -> Bucket:
    store_instance(account_id, "one")
    return create_bucket(
        account_id, name=name, service_instance="one", location="us-south-smart", event="cloud.bucket.create", by=BY
    )


@pytest.fixture
def stock_image(world: World) -> Image:
    seed_images(REGION, clock.now())
    return Image.objects.filter(account=None)[0]


@pytest.fixture
def bucket(world: World) -> Bucket:
    return make_bucket()


@pytest.fixture
def image(api: Api, bucket: Bucket) -> str:
    """The path of its export jobs."""
    return f"{IMAGES}/{api.call('POST', IMAGES, BODY).json()['id']}/export_jobs"


def export(api: Api, image: str, **rest: Any) -> dict[str, Any]:
    answer = api.call("POST", image, {"storage_bucket": BUCKET, **rest})
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def step() -> int:
    """One step of every job, when it is due."""
    due = ImageExportJob.objects.filter(due_at__isnull=False).order_by("-due_at").values_list("due_at", flat=True)
    return image_exports.run_due(due.first() or clock.now())


def read(api: Api, image: str, job: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = api.get(f"{image}/{job['id']}").json()
    return body


# --- a job's life --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["name", "crn"])
def test_a_job_is_queued(api: Api, image: str, form: str) -> None:
    crn = f"crn:v1:bluemix:public:cloud-object-storage:global:a/{ACCOUNT}:one:bucket:my-bucket"
    storage_bucket = {"name": "my-bucket", "crn": crn}
    body = export(api, image, storage_bucket={form: storage_bucket[form]}, name="mine")
    job = fits(vpc_v1.ImageExportJob, body)
    assert (job.status, job.format, job.name, job.resource_type) == ("queued", "qcow2", "mine", "image_export_job")
    assert job.storage_bucket.to_dict() == storage_bucket
    assert job.storage_object.name == "my-image-mine.qcow2"
    assert job.storage_href == "cos://us-south/my-bucket/my-image-mine.qcow2"
    assert read(api, image, body) == body


def test_an_unnamed_job_is_named_after_the_image(api: Api, image: str) -> None:
    assert export(api, image)["name"].startswith("my-image-")


@pytest.mark.parametrize(("format", "magic"), [("qcow2", b"QFI\xfb"), ("vhd", b"conectix")])
def test_a_job_runs_and_writes_an_object(api: Api, image: str, format: str, magic: bytes) -> None:
    # D-154
    job = export(api, image, format=format)
    assert step() == 1
    running = fits(vpc_v1.ImageExportJob, read(api, image, job))
    assert (running.status, StoredObject.objects.count()) == ("running", 0)
    assert step() == 1
    over = fits(vpc_v1.ImageExportJob, read(api, image, job))
    assert (over.status, over.status_reasons) == ("succeeded", [])
    assert over.created_at <= over.started_at <= over.completed_at
    [stored] = StoredObject.objects.all()
    content = files.path_of(Piece.objects.get().file).read_bytes()
    assert (stored.name, stored.size) == (over.storage_object.name, len(content))
    assert content.startswith(magic)
    assert step() == 0


def test_a_step_is_taken_once_and_not_before_its_time(api: Api, image: str, settings: Any) -> None:
    settings.BAREMINT_PROVISION_SECONDS = 600
    job = export(api, image)
    assert image_exports.run_due(clock.now() - timedelta(seconds=1)) == 0
    due = image_exports.due_at(clock.now())
    assert due
    assert [image_exports.advance(job["id"], now=due) for _ in range(2)] == [True, False]


def test_each_step_leaves_its_event(api: Api, image: str) -> None:
    job = export(api, image)
    step()
    step()
    api.call("PATCH", f"{image}/{job['id']}", {"name": "new"})
    api.call("DELETE", f"{image}/{job['id']}")
    about = ActivityEvent.objects.filter(action__startswith="is.image.image").exclude(action="is.image.image.create")
    actions = [*about.order_by("pk").values_list("action", flat=True)]
    assert actions == [f"{EVENT}.create", "is.image.image.export", f"{EVENT}.update", f"{EVENT}.delete"]
    assert ActivityEvent.objects.filter(action="cloud-object-storage.object.create").count() == 1


def test_jobs_are_listed_newest_first_and_by_name(api: Api, image: str) -> None:
    names = ["first", "second", "third"]
    for name in names:
        export(api, image, name=name)
    collection = fits(vpc_v1.ImageExportJobUnpaginatedCollection, api.get(image).json())
    assert [job.name for job in collection.export_jobs] == names[::-1]
    assert [job["name"] for job in api.get(image, "name=second").json()["export_jobs"]] == ["second"]


def test_a_renamed_job_writes_the_object_that_it_announced(api: Api, image: str) -> None:
    job = export(api, image, name="old")
    renamed = api.call("PATCH", f"{image}/{job['id']}", {"name": "1-new"}).json()
    assert renamed == job | {"name": "1-new"}
    assert errors(api.call("PATCH", f"{image}/{export(api, image)['id']}", {"name": "1-new"})) == [
        ("validation_unique_failed", "name")
    ]


def test_objects_have_names_of_their_own(api: Api, image: str) -> None:
    first = export(api, image, name="same")
    step()
    step()
    api.call("DELETE", f"{image}/{first['id']}")
    second = export(api, image, name="same")
    assert first["storage_object"]["name"] != second["storage_object"]["name"]


# --- cancelled and failed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [0, 1])
def test_a_job_that_is_deleted_before_its_end_writes_nothing(api: Api, image: str, steps: int) -> None:
    job = export(api, image)
    for _ in range(steps):
        step()
    assert api.call("DELETE", f"{image}/{job['id']}").status_code == 202
    assert api.get(f"{image}/{job['id']}").status_code == 404
    assert (step(), StoredObject.objects.count()) == (0, 0)


def test_what_a_job_has_written_stays_when_it_is_deleted(api: Api, image: str) -> None:
    job = export(api, image)
    step()
    step()
    assert api.call("DELETE", f"{image}/{job['id']}").status_code == 202
    assert StoredObject.objects.count() == 1


def kept() -> list[Path]:
    return [file for group in files.groups() for file in group]


def failed(api: Api, image: str, job: dict[str, Any]) -> list[str]:
    """The codes for which it failed, leaving nothing in the bucket."""
    step()
    over = fits(vpc_v1.ImageExportJob, read(api, image, job))
    assert (over.status, bool(over.completed_at)) == ("failed", True)
    [event] = ActivityEvent.objects.filter(action="is.image.image.export")
    assert event.outcome != "success"
    return [reason.code for reason in over.status_reasons]


def test_a_job_fails_without_its_bucket(api: Api, image: str, bucket: Bucket) -> None:
    job = export(api, image)
    step()
    delete_bucket(bucket, event="cloud.bucket.delete", by=BY)
    assert failed(api, image, job) == ["cannot_access_storage_bucket"]


def test_a_job_does_not_write_into_another_bucket_of_the_name(api: Api, image: str, bucket: Bucket) -> None:
    job = export(api, image)
    step()
    bucket.service_instance = "two"
    bucket.save()
    assert failed(api, image, job) == ["cannot_access_storage_bucket"]


def test_a_job_fails_when_the_account_has_stored_its_share(api: Api, image: str, settings: Any) -> None:
    settings.BAREMINT_COS_QUOTA = 0
    before = set(kept())
    job = export(api, image)
    step()
    assert failed(api, image, job) == ["cannot_access_storage_bucket"]
    assert set(kept()) == before
    assert not StoredObject.objects.exists()


def test_a_job_replaces_no_object_that_came_meanwhile(api: Api, image: str) -> None:
    job = export(api, image)
    step()
    crn, key = job["storage_bucket"]["crn"], job["storage_object"]["name"]
    assert service_writes.store(crn, key=key, content=b"theirs", by=BY, settle=lambda: True)
    assert failed(api, image, job) == ["cannot_access_storage_bucket"]
    assert StoredObject.objects.get().size == len(b"theirs")


@pytest.mark.parametrize("code", image_exports.FAILURES)
def test_a_jobs_name_makes_it_fail(api: Api, image: str, code: str) -> None:
    job = export(api, image, name=f"fail-{code.replace('_', '-')}-2")
    step()
    assert failed(api, image, job) == [code]


# --- images --------------------------------------------------------------------------------------------------------


def test_an_image_goes_when_its_last_export_is_over(api: Api, image: str) -> None:
    """IBM: "The export job is allowed to complete before deletion of the image completes"."""
    path = image.removesuffix("/export_jobs")
    export(api, image)
    assert api.call("DELETE", path).status_code == 202
    assert api.get(path).json()["status"] == "deleting"
    answers = [api.call("PATCH", path, {"name": "x"}), api.call("DELETE", path), api.call("POST", f"{path}/obsolete")]
    answers.append(api.call("POST", image, {"storage_bucket": BUCKET}))
    assert {answer.status_code for answer in answers} == {409}
    step()
    step()
    assert api.get(path).status_code == 404
    assert StoredObject.objects.count() == 1


def test_tags_that_are_attached_while_an_image_is_deleted_go_with_it(api: Api, world: World, image: str) -> None:
    path = image.removesuffix("/export_jobs")
    crn = api.get(path).json()["crn"]
    export(api, image)
    api.call("DELETE", path)
    attach_tags(world.account, crn=Crn.parse(crn), type="user", names=["late"], by=BY)
    step()
    step()
    assert not TagAttachment.objects.filter(crn=crn).exists()


def test_an_image_goes_when_its_last_export_is_cancelled(api: Api, image: str) -> None:
    path = image.removesuffix("/export_jobs")
    job = export(api, image)
    api.call("DELETE", path)
    api.call("DELETE", f"{image}/{job['id']}")
    assert api.get(path).status_code == 404


def test_a_deprecated_image_and_an_obsolete_one_are_exported(api: Api, image: str) -> None:
    for state in ("deprecate", "obsolete"):
        Image.objects.filter(account=ACCOUNT).update(deprecation_at=None)
        api.call("POST", f"{image.removesuffix('export_jobs')}{state}")
        assert export(api, image)["status"] == "queued"


def test_ibms_images_are_not_exported(api: Api, stock_image: Image, bucket: Bucket) -> None:
    path = f"{IMAGES}/{stock_image.id}/export_jobs"
    answer = api.call("POST", path, {"storage_bucket": BUCKET})
    assert (answer.status_code, errors(answer)) == (403, [("not_authorized", "")])
    assert api.get(path).json() == {"export_jobs": []}


# --- refusals ------------------------------------------------------------------------------------------------------

FOREIGN = f"crn:v1:bluemix:public:cloud-object-storage:global:a/{OTHER_ACCOUNT}:one:bucket:my-bucket"
OTHER_INSTANCE = f"crn:v1:bluemix:public:cloud-object-storage:global:a/{ACCOUNT}:two:bucket:my-bucket"
BAD: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "no-bucket": ({}, [("missing_field", "storage_bucket")]),
    "made-up-bucket": ({"storage_bucket": {"name": "none"}}, [("bad_field", "storage_bucket")]),
    "foreign-bucket": ({"storage_bucket": {"name": "hers"}}, [("bad_field", "storage_bucket")]),
    "foreign-crn": ({"storage_bucket": {"crn": FOREIGN}}, [("bad_field", "storage_bucket")]),
    "other-instance": ({"storage_bucket": {"crn": OTHER_INSTANCE}}, [("bad_field", "storage_bucket")]),
    "no-crn": ({"storage_bucket": {"crn": "crn:x"}}, [("bad_field", "storage_bucket")]),
    "two-forms": ({"storage_bucket": {"name": "a", "crn": "b"}}, [("invalid_value", "storage_bucket")]),
    "format": ({"storage_bucket": BUCKET, "format": "raw"}, [("invalid_value", "format")]),
    "name": ({"storage_bucket": BUCKET, "name": "12"}, [("invalid_value", "name")]),
    "name-taken": ({"storage_bucket": BUCKET, "name": "taken"}, [("validation_unique_failed", "name")]),
    "unknown": ({"storage_bucket": BUCKET, "key": 1}, [("unknown_field", "key")]),
}


def test_a_job_is_refused(api: Api, image: str) -> None:
    make_bucket(OTHER_ACCOUNT, "hers")
    export(api, image, name="taken")
    answers = {name: api.call("POST", image, body) for name, (body, _) in BAD.items()}
    refusals = {name: (answer.status_code, errors(answer)) for name, answer in answers.items()}
    assert_rows(refusals, {name: (400, problems) for name, (_, problems) in BAD.items()})


QUOTAS = {"of-an-image": ("image_export_jobs", True), "active": ("active_image_export_jobs", False)}


@pytest.mark.parametrize(("quota", "counts_what_is_over"), QUOTAS.values(), ids=QUOTAS)
def test_an_image_has_so_many_jobs(api: Api, image: str, settings: Any, quota: str, counts_what_is_over: bool) -> None:
    settings.BAREMINT_QUOTAS = {quota: 1}
    export(api, image)
    assert errors(api.call("POST", image, {"storage_bucket": BUCKET})) == [("over_quota", "")]
    step()
    step()
    again = api.call("POST", image, {"storage_bucket": BUCKET})
    assert again.status_code == (400 if counts_what_is_over else 201)


def test_an_account_has_so_many_active_jobs_in_a_region(api: Api, image: str, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"active_image_export_jobs_of_account": 1}
    export(api, image)
    other = api.call("POST", IMAGES, BODY | {"name": "other"}).json()["id"]
    answer = api.call("POST", f"{IMAGES}/{other}/export_jobs", {"storage_bucket": BUCKET})
    assert errors(answer) == [("over_quota", "")]


def test_another_account_learns_of_no_job(api: Api, image: str) -> None:
    job = export(api, image)
    mallory = Api(MALLORY)
    answers = [mallory.get(path) for path in (image, f"{image}/{job['id']}")]
    answers += [mallory.call(method, f"{image}/{job['id']}", {}) for method in ("PATCH", "DELETE")]
    assert [answer.status_code for answer in answers] == [404] * 4


def test_who_may_not_write_into_the_bucket_exports_nothing_into_it(api: Api, world: World, image: str) -> None:
    editor = Api(caller_of("iam-Profile-editor"))
    create_policy(world.account, content=make_content("iam-Profile-editor", "Editor"), api_version="v1", by=BY)
    answers = [editor.call("POST", image, {"storage_bucket": {"name": name}}) for name in ("my-bucket", "none")]
    assert [errors(answer) for answer in answers] == [[("not_authorized", "storage_bucket")]] * 2
    writer = make_content("iam-Profile-editor", "Writer", service="cloud-object-storage")
    create_policy(world.account, content=writer, api_version="v1", by=BY)
    assert editor.call("POST", image, {"storage_bucket": BUCKET}).status_code == 201


def test_who_may_look_at_images_exports_none(api: Api, world: World, image: str) -> None:
    create_policy(world.account, content=make_content("iam-Profile-operator", "Operator"), api_version="v1", by=BY)
    operator = Api(caller_of("iam-Profile-operator"))
    assert operator.get(image).status_code == 200
    assert operator.call("POST", image, {"storage_bucket": BUCKET}).status_code == 403
