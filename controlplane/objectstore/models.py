"""Buckets and their contents. Every control plane on this database and data directory serves the same ones."""

from django.db import models
from django.db.models import Q

from controlplane.kernel.crn import Crn

SERVICE = "cloud-object-storage"


class Bucket(models.Model):
    """A bucket. Its name is unique within its account: another account may have a bucket of the same name (D-55)."""

    account_id = models.CharField(max_length=64)
    name = models.CharField(max_length=63)
    service_instance = models.CharField(max_length=64, help_text="GUID of the service instance it belongs to.")
    location = models.CharField(max_length=64, help_text="Location and storage class, such as us-south-standard.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_id", "name"], name="objectstore_bucket_name"),
        ]

    def __str__(self) -> str:
        return self.name


class StoredObject(models.Model):
    """One object, whose bytes are its pieces. A reader gets the old version or the new one, never a mixture."""

    bucket = models.ForeignKey(Bucket, on_delete=models.PROTECT, related_name="contents")
    # Bytes, because objects are listed in the order of their keys' UTF-8, regardless of the database's collation.
    key = models.BinaryField(max_length=1024)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    tag = models.CharField(max_length=38, help_text="The entity tag: the MD5 in hexadecimal, or S3's of parts.")
    headers = models.JSONField(default=dict, help_text="Answered with it: Content-Type, x-amz-meta-... and the like.")
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bucket", "key"], name="objectstore_object_key"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return bytes(self.key).decode()

    @property
    def etag(self) -> str:
        return f'"{self.tag}"'


class Upload(models.Model):
    """A multipart upload that is not complete."""

    bucket = models.ForeignKey(Bucket, on_delete=models.PROTECT, related_name="uploads")
    key = models.BinaryField(max_length=1024)
    identifier = models.CharField(max_length=32, unique=True)
    headers = models.JSONField(default=dict, help_text="What the object will be answered with.")
    initiator = models.CharField(max_length=255, help_text="IAM id.")
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.identifier

    @property
    def name(self) -> str:
        return bytes(self.key).decode()


class Piece(models.Model):
    """A file: a whole object, one part of an object, or a part of an upload."""

    object = models.ForeignKey(StoredObject, on_delete=models.CASCADE, null=True, related_name="pieces")
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, null=True, related_name="pieces")
    number = models.PositiveIntegerField(help_text="In the order of these; S3's part number.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    md5 = models.CharField(max_length=32, help_text="In hexadecimal.")
    file = models.CharField(max_length=32, unique=True, help_text="Its name.")
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["object", "number"], name="objectstore_piece_of_object"),
            models.UniqueConstraint(fields=["upload", "number"], name="objectstore_piece_of_upload"),
            models.CheckConstraint(
                condition=Q(object__isnull=False, upload__isnull=True) | Q(object__isnull=True, upload__isnull=False),
                name="objectstore_piece_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.file


def instance_crn(account_id: str, instance: str) -> str:
    return str(Crn(SERVICE, "global", account_id, "", "", instance))


def bucket_crn(account_id: str, instance: str, name: str) -> str:
    return str(Crn(SERVICE, "global", account_id, "bucket", name, instance))
