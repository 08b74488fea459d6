"""The clock in the admin: to read. It is moved by PUT /_baremint/clock and by the command, which record it."""

from django.contrib import admin

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.timekeeping.models import ClockSetting


@admin.register(ClockSetting)
class ClockSettingAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "offset", "frozen_at", "revision"]
