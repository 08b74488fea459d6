"""``/v2/groups/{id}/rules``, and the access groups settings of the account.

Rules apply to users that sign in through an identity provider. This product has no identity provider: rules are stored
and returned, and no user becomes a member by them (D-17).
"""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import existing
from controlplane.kernel.operation import Operation
from trustedprofiles import events
from trustedprofiles.api.base import REQUIRED_ACCOUNT_ID, DeletableRowView
from trustedprofiles.api.group_base import GroupsView, GroupView
from trustedprofiles.api.group_requests import GroupRuleBody, GroupSettingsUpdate
from trustedprofiles.api.group_responses import GroupRuleAnswer, GroupRulesList, GroupSettings, rule_body
from trustedprofiles.models import AccountWideSettings, GroupRule
from trustedprofiles.services import access_groups, group_rules
from trustedprofiles.services.account_settings import settings_of


class GroupRules(GroupView):
    render = staticmethod(rule_body)
    operations = {
        "GET": Operation(
            "list_access_group_rules",
            "iam-groups.rules.list",
            events.GROUP_RULES_LIST,
            answer=GroupRulesList,
        ),
        "POST": Operation(
            "add_access_group_rule",
            "iam-groups.rules.create",
            f"{events.GROUP_RULE}.create",
            recorded_by_service=True,
            status=201,
            body=GroupRuleBody,
            answer=GroupRuleAnswer,
            etag=True,
        ),
    }

    def get(self, request: Request, access_group_id: str) -> Response:
        rows = GroupRule.objects.filter(group_id=self.resource.id).select_related("group").order_by("created_at", "id")
        return self.answer({"rules": [rule_body(rule) for rule in rows]})

    def post(self, request: Request, access_group_id: str) -> Response:
        content = group_rules.GroupRuleContent(**self.body)
        return self.answer_row(group_rules.create_group_rule(self.resource, content=content, by=Party.of(self.caller)))


class OneGroupRule(DeletableRowView, GroupView):
    operations = {
        "GET": Operation(
            "get_access_group_rule",
            "iam-groups.rules.read",
            f"{events.GROUP_RULE}.read",
            answer=GroupRuleAnswer,
            etag=True,
        ),
        "PUT": Operation(
            "replace_access_group_rule",
            "iam-groups.rules.update",
            f"{events.GROUP_RULE}.update",
            recorded_by_service=True,
            body=GroupRuleBody,
            answer=GroupRuleAnswer,
            etag=True,
            if_match="required",
        ),
        "DELETE": Operation(
            "remove_access_group_rule",
            "iam-groups.rules.delete",
            f"{events.GROUP_RULE}.delete",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }

    deletion = staticmethod(group_rules.delete_group_rule)
    render = staticmethod(rule_body)

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        rules = GroupRule.objects.filter(group_id=self.resource.id).select_related("group")
        self.row = existing(rules.filter(id=self.kwargs["rule_id"]).first(), "The access group has no rule of this id.")

    def put(self, request: Request, access_group_id: str, rule_id: str) -> Response:
        content = group_rules.GroupRuleContent(**self.body)
        return self.answer_row(group_rules.replace_group_rule(self.row, content=content, by=Party.of(self.caller)))


class GroupsSettings(GroupsView):
    operations = {
        "GET": Operation(
            "get_access_groups_settings",
            "iam-groups.account-settings.read",
            f"{events.GROUP_SETTINGS}.read",
            answer=GroupSettings,
            query=(REQUIRED_ACCOUNT_ID,),
        ),
        "PATCH": Operation(
            "update_access_groups_settings",
            "iam-groups.account-settings.update",
            f"{events.GROUP_SETTINGS}.update",
            recorded_by_service=True,
            body=GroupSettingsUpdate,
            answer=GroupSettings,
            query=(REQUIRED_ACCOUNT_ID,),
        ),
    }

    def get(self, request: Request) -> Response:
        return self.answer(_settings(settings_of(self.caller.account_id, AccountWideSettings.Kind.GROUPS)))

    def patch(self, request: Request) -> Response:
        enabled = self.body.get("public_access_enabled")
        return self.answer(
            _settings(access_groups.set_public_access(self.account, enabled=enabled, by=Party.of(self.caller)))
        )


def _settings(settings: AccountWideSettings) -> GroupSettings:
    values = {"public_access_enabled": True, **settings.values}
    return {"account_id": settings.account_id, **values}  # type: ignore[typeddict-item]
