"""The clock in the admin, read-only. PUT /_baremint/clock and the command move it and record that."""

from django.contrib import admin

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.timekeeping.models import ClockSetting


@admin.register(ClockSetting)
class ClockSettingAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "offset", "frozen_at", "revision"]
