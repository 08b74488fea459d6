"""The object store in the admin, read-only and without the contents of objects."""

from django.contrib import admin

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.objectstore.models import Bucket, Piece, StoredObject, Upload


@admin.register(Bucket)
class BucketAdmin(ReadOnlyAdmin):
    list_display = ["name", "account_id", "service_instance", "location", "created_at"]
    search_fields = ["name", "=account_id", "=service_instance"]
    ordering = ["account_id", "name"]


@admin.register(StoredObject)
class StoredObjectAdmin(ReadOnlyAdmin):
    list_display = ["name", "bucket", "size", "tag", "modified_at"]
    list_select_related = ["bucket"]
    fields = ["name", "bucket", "size", "tag", "headers", "modified_at"]
    search_fields = ["bucket__name"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ["identifier", "bucket", "name", "initiator", "started_at"]
    list_select_related = ["bucket"]
    fields = ["identifier", "bucket", "name", "headers", "initiator", "started_at"]
    search_fields = ["=identifier", "bucket__name"]
    ordering = ["-id"]


@admin.register(Piece)
class PieceAdmin(ReadOnlyAdmin):
    list_display = ["file", "object", "upload", "number", "size", "md5", "kept_at"]
    list_select_related = ["object", "upload"]
    search_fields = ["=file", "=md5"]
    ordering = ["-id"]
    show_full_result_count = False
