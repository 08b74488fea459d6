"""Activity in the admin, read-only, and base classes for the other admin pages."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect

from controlplane.activity.models import ActivityEvent, Heartbeat, JobRun


class OfferedFilters(admin.ModelAdmin):
    """Allows filters of ``list_filter`` only. Django accepts any column in a URL, and a database may fail to compare
    columns of addresses, bytes or durations with text."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        filters = {name for name in self.get_list_filter(request) if isinstance(name, str)}
        return lookup.partition("__")[0] in filters and super().lookup_allowed(lookup, value, request)


class ChosenRows(OfferedFilters):
    """Lists with actions: a selection that is no key of a row gets a message, where Django would fail."""

    def response_action(self, request: HttpRequest, *arguments: Any, **named: Any) -> Any:
        if all(map(self._is_key, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            return super().response_action(request, *arguments, **named)
        self.message_user(request, "Nothing was done: choose rows of this list.", messages.WARNING)
        return HttpResponseRedirect(request.get_full_path())

    def _is_key(self, text: str) -> bool:
        try:
            self.opts.pk.clean(text, None)
        except ValidationError:
            return False
        return True


class ReadOnlyAdmin(OfferedFilters):
    """Records that only the product writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ActivityEvent)
class ActivityEventAdmin(ReadOnlyAdmin):
    list_display = [
        "time",
        "action",
        "outcome",
        "reason_code",
        "reason_type",
        "initiator_name",
        "target_name",
        "request_id",
    ]
    list_filter = ["outcome", "action"]
    search_fields = ["=request_id", "target_id", "target_name", "initiator_name"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "job", "outcome", "taken", "duration_ms", "attempt", "retry_at", "detail", "worker"]
    list_filter = ["outcome", "job"]
    search_fields = ["=request_id", "job", "detail"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ["worker", "ticked_at"]
    ordering = ["-ticked_at"]
