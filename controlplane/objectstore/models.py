"""Buckets, and what is in them. Rows, so that every control plane on this database serves the same."""

from django.db import models

from controlplane.kernel.crn import Crn

SERVICE = "cloud-object-storage"


class Bucket(models.Model):
    """Named within its account: another account may use the same name, and neither sees the other's (D-55)."""

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
    """One object, whole in one row: who reads it meets the old one or the new one, never some of each."""

    bucket = models.ForeignKey(Bucket, on_delete=models.PROTECT, related_name="contents")
    # Bytes, because objects are listed in the order of their keys' UTF-8, whatever the database's collation is.
    key = models.BinaryField(max_length=1024)
    size = models.PositiveIntegerField(help_text="Bytes.")
    md5 = models.CharField(max_length=32, help_text="In hexadecimal; the entity tag.")
    headers = models.JSONField(default=dict, help_text="Answered with it: Content-Type, x-amz-meta-... and the like.")
    modified_at = models.DateTimeField()
    content = models.BinaryField()

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
        return f'"{self.md5}"'


def instance_crn(account_id: str, instance: str) -> str:
    return str(Crn(SERVICE, "global", account_id, "", "", instance))


def bucket_crn(account_id: str, instance: str, name: str) -> str:
    return str(Crn(SERVICE, "global", account_id, "bucket", name, instance))
