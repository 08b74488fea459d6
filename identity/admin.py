"""Keys, certificates and API keys in the admin: what is public of them, to read."""

from django.contrib import admin

from controlplane.activity.admin import ReadOnlyAdmin
from identity.models import ApiKey, IssuedCertificate, KeyPair


@admin.register(KeyPair)
class KeyPairAdmin(ReadOnlyAdmin):
    list_display = [
        "kid",
        "purpose",
        "region",
        "state",
        "published_at",
        "activated_at",
        "demoted_at",
        "retired_at",
    ]
    list_filter = ["purpose", "state"]
    exclude = ["kek_id", "nonce", "ciphertext"]
    ordering = ["purpose", "-generation"]


@admin.register(IssuedCertificate)
class IssuedCertificateAdmin(ReadOnlyAdmin):
    list_display = ["serial_number", "server_id", "not_before", "not_after", "issuer"]
    search_fields = ["=serial_number", "=server_id"]
    ordering = ["-not_before"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "id", "iam_id", "locked", "disabled", "created_at"]
    exclude = ["sha256"]
