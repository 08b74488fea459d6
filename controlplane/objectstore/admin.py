"""The object store in the admin: to look at, without what is in the objects."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.objectstore.models import Bucket, StoredObject


@admin.register(Bucket)
class BucketAdmin(ReadOnlyAdmin):
    list_display = ["name", "account_id", "service_instance", "location", "created_at"]
    search_fields = ["name", "=account_id", "=service_instance"]
    ordering = ["account_id", "name"]


@admin.register(StoredObject)
class StoredObjectAdmin(ReadOnlyAdmin):
    list_display = ["name", "bucket", "size", "md5", "modified_at"]
    list_select_related = ["bucket"]
    fields = ["name", "bucket", "size", "md5", "headers", "modified_at"]
    search_fields = ["bucket__name"]
    ordering = ["-id"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("content")
