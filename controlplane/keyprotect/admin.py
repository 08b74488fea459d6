"""Key Protect in the admin, read-only and without key material."""

from django.contrib import admin

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.keyprotect.models import Key, KeyAlias, KeyRing, KeyVersion


@admin.register(KeyRing)
class KeyRingAdmin(ReadOnlyAdmin):
    list_display = ["name", "instance", "created_at", "created_by"]
    list_select_related = ["instance"]
    search_fields = ["name", "=instance__guid"]
    ordering = ["-id"]


@admin.register(Key)
class KeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "identifier", "instance", "extractable", "state", "created_at"]
    list_select_related = ["instance"]
    search_fields = ["name", "=identifier", "=instance__guid"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(KeyVersion)
class KeyVersionAdmin(ReadOnlyAdmin):
    list_display = ["identifier", "key", "number", "created_at"]
    list_select_related = ["key"]
    fields = ["identifier", "key", "number", "created_at", "kek_id"]
    search_fields = ["=identifier", "=key__identifier"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(KeyAlias)
class KeyAliasAdmin(ReadOnlyAdmin):
    list_display = ["name", "key", "instance", "created_at"]
    list_select_related = ["key", "instance"]
    search_fields = ["=name", "=key__identifier"]
    ordering = ["-id"]
