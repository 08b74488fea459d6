"""Accounts, profiles, service IDs and policies in the admin, read-only."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from controlplane.activity.admin import ReadOnlyAdmin
from controlplane.activity.confirmation_admin import ConfirmationAdmin
from trustedprofiles.models import (
    AccessGroup,
    Account,
    GroupMember,
    GroupRule,
    Policy,
    ProfileLink,
    ResourceGroup,
    ServiceId,
    TrustedProfile,
    User,
)


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class LinkInline(ReadOnlyInline):
    model = ProfileLink
    fields = ["id", "cr_type", "crn", "name", "is_cross_account", "created_at"]


class MemberInline(ReadOnlyInline):
    model = GroupMember
    fields = ["iam_id", "type", "created_at", "created_by_id"]


class GroupRuleInline(ReadOnlyInline):
    model = GroupRule
    fields = ["id", "name", "realm_name", "expiration", "conditions"]


@admin.register(TrustedProfile)
class TrustedProfileAdmin(ReadOnlyAdmin):
    list_display = ["name", "id", "account", "description", "created_at"]
    search_fields = ["name", "=id"]
    list_select_related = ["account"]
    inlines = [LinkInline]


@admin.register(ProfileLink)
class ProfileLinkAdmin(ReadOnlyAdmin):
    list_display = ["id", "profile", "cr_type", "crn", "is_cross_account", "created_at"]
    search_fields = ["=crn"]
    list_select_related = ["profile"]


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    list_display = ["id", "subject_iam_id", "role_names", "service", "state", "created_at"]
    search_fields = ["subject_iam_id"]

    @admin.display(description="roles")
    def role_names(self, policy: Policy) -> str:
        return ", ".join(role.rpartition(":")[2] for role in policy.roles)

    @admin.display(description="service")
    def service(self, policy: Policy) -> str:
        return next((str(each["value"]) for each in policy.resource if each["key"] == "serviceName"), "")


@admin.register(ServiceId)
class ServiceIdAdmin(ReadOnlyAdmin):
    list_display = ["name", "id", "account", "locked", "created_at"]
    search_fields = ["name", "=id"]
    list_select_related = ["account"]


@admin.register(AccessGroup)
class AccessGroupAdmin(ReadOnlyAdmin):
    list_display = ["name", "id", "account", "description", "created_at"]
    search_fields = ["name", "=id"]
    list_select_related = ["account"]
    inlines = [MemberInline, GroupRuleInline]


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ["name", "id", "owner_iam_id", "created_at"]


@admin.register(ResourceGroup)
class ResourceGroupAdmin(ReadOnlyAdmin):
    list_display = ["name", "id", "account", "is_default"]
    list_select_related = ["account"]


@admin.register(User)
class PersonAdmin(ConfirmationAdmin, UserAdmin):
    list_display = ["username", "email", "iam_id", "account", "is_active"]
    list_select_related = ["account"]
    readonly_fields = ["iam_id", "account", "last_login", "date_joined"]
    fieldsets = (*(UserAdmin.fieldsets or ()), ("IBM Cloud identity", {"fields": ["iam_id", "account"]}))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Users are not deleted, because API keys and tokens name them by IAM id; they can be deactivated instead."""
        return False


admin.site.unregister(Group)


@admin.register(Group)
class PeopleAdmin(ConfirmationAdmin, GroupAdmin):
    pass
