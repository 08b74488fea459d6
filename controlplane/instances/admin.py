"""Service instances in the admin, read-only."""

from django.contrib import admin

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.instances.models import ResourceInstance


@admin.register(ResourceInstance)
class ResourceInstanceAdmin(ReadOnlyAdmin):
    list_display = ["name", "service", "account_id", "guid", "region", "state", "created_at"]
    list_filter = ["service", "state"]
    search_fields = ["name", "=guid", "=account_id"]
    ordering = ["-id"]
