"""``/v1/profiles/{id}/rules``."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import existing
from controlplane.kernel.operation import Operation
from trustedprofiles import events
from trustedprofiles.api import rule_responses
from trustedprofiles.api.base import DeletableRowView, ProfileView
from trustedprofiles.api.rule_requests import RuleBody
from trustedprofiles.api.rule_responses import rule_body
from trustedprofiles.services import rules


class Rules(ProfileView):
    operations = {
        "GET": Operation(
            "list_claim_rules",
            "iam-identity.profile.read",
            f"{events.RULE}.read",
            answer=rule_responses.ProfileClaimRuleList,
        ),
        "POST": Operation(
            "create_claim_rule",
            "iam-identity.profile.linkToResource",
            f"{events.RULE}.create",
            recorded_by_service=True,
            status=201,
            body=RuleBody,
            answer=rule_responses.ProfileClaimRule,
            etag=True,
            also=("iam-identity.profile.update",),
        ),
    }

    def get(self, request: Request, profile_id: str) -> Response:
        rows = self.resource.rules.order_by("created_at", "id")
        return self.answer({"rules": [rule_body(rule) for rule in rows]})

    def post(self, request: Request, profile_id: str) -> Response:
        rule = rules.create_rule(self.resource, content=rules.RuleContent(**self.body), by=Party.of(self.caller))
        return self.answer(rule_body(rule), etag=rule.entity_tag)


class OneRule(DeletableRowView, ProfileView):
    operations = {
        "GET": Operation(
            "get_claim_rule",
            "iam-identity.profile.read",
            f"{events.RULE}.read",
            answer=rule_responses.ProfileClaimRule,
            etag=True,
        ),
        "PUT": Operation(
            "update_claim_rule",
            "iam-identity.profile.linkToResource",
            f"{events.RULE}.update",
            recorded_by_service=True,
            body=RuleBody,
            answer=rule_responses.ProfileClaimRule,
            etag=True,
            if_match="required",
            also=("iam-identity.profile.update",),
        ),
        "DELETE": Operation(
            "delete_claim_rule",
            "iam-identity.profile.update",
            f"{events.RULE}.delete",
            recorded_by_service=True,
            status=204,
            conflicts=False,
        ),
    }

    deletion = staticmethod(rules.delete_rule)
    render = staticmethod(rule_body)

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.row = existing(
            self.resource.rules.filter(id=self.kwargs["rule_id"]).first(),
            "The trusted profile has no claim rule of this id.",
        )

    def put(self, request: Request, profile_id: str, rule_id: str) -> Response:
        return self.answer_row(
            rules.replace_rule(self.row, content=rules.RuleContent(**self.body), by=Party.of(self.caller))
        )
