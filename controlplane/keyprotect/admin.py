"""Key Protect in the admin, read-only and without key material."""

from django.contrib import admin

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.keyprotect.models import (
    ImportToken,
    InstancePolicy,
    Key,
    KeyAlias,
    KeyPolicy,
    KeyRing,
    KeyVersion,
    Registration,
)


@admin.register(KeyRing)
class KeyRingAdmin(ReadOnlyAdmin):
    list_display = ["name", "instance", "created_at", "created_by"]
    list_select_related = ["instance"]
    search_fields = ["name", "=instance__guid"]
    ordering = ["-id"]


@admin.register(Key)
class KeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "identifier", "instance", "extractable", "state", "created_at"]
    exclude = ["encrypted_nonce", "import_iv"]
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


@admin.register(KeyPolicy)
class KeyPolicyAdmin(ReadOnlyAdmin):
    list_display = ["kind", "key", "enabled", "interval_months", "due_at", "updated_by"]
    list_select_related = ["key"]
    search_fields = ["=key__identifier"]
    ordering = ["-id"]


@admin.register(InstancePolicy)
class InstancePolicyAdmin(ReadOnlyAdmin):
    list_display = ["kind", "instance", "enabled", "updated_at", "updated_by"]
    list_select_related = ["instance"]
    search_fields = ["=instance__guid"]
    ordering = ["-id"]


@admin.register(ImportToken)
class ImportTokenAdmin(ReadOnlyAdmin):
    list_display = ["identifier", "instance", "expires_at", "retrievals", "most_retrievals"]
    list_select_related = ["instance"]
    exclude = ["nonce", "ciphertext", "challenge"]
    search_fields = ["=instance__guid"]
    ordering = ["-id"]


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ["resource_crn", "key", "prevents_deletion", "created_by", "updated_at"]
    list_select_related = ["key"]
    search_fields = ["=key__identifier", "resource_crn"]
    ordering = ["-id"]
