"""``/v1/policies`` and ``/v2/policies``: one store, two renderings."""

import uuid
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import envelopes
from controlplane.kernel.errors import MissingValue, NotFound, Target
from controlplane.kernel.etag import require_match
from controlplane.kernel.fields import StrictSerializer
from trustedprofiles import events
from trustedprofiles.api import policy_shapes as shapes
from trustedprofiles.guarded import GuardedView
from trustedprofiles.models import Account, Policy
from trustedprofiles.permissions import Operation
from trustedprofiles.services import policies
from trustedprofiles.services.policies import PolicyContent


class PolicyView(GuardedView):
    """A view of the policy API; ``api_version`` says which rendering."""

    envelope = staticmethod(envelopes.policy)
    service_name: ClassVar[str] = "iam-access-management"
    api_version = "v1"

    def read(self, data: Any) -> PolicyContent:
        parse = shapes.content_from_v2 if self.api_version == "v2" else shapes.content_from_v1
        return parse(data, account_id=self.caller.account_id)

    def render(self, policy: Policy) -> dict[str, Any]:
        render = shapes.v2_body if self.api_version == "v2" else shapes.v1_body
        return render(policy, base=self.request.build_absolute_uri("/").rstrip("/"))


class Policies(PolicyView):
    operations = {
        "GET": Operation("list_policies", "iam-access-management.policy.read", events.POLICY_READ),
        "POST": Operation("create_policy", "iam-access-management.policy.create", events.POLICY_CREATE, True),
    }

    def get(self, request: Request) -> Response:
        asked = request.GET.get("account_id")
        if not asked:
            raise MissingValue(
                "The account_id query parameter is required.",
                target=Target("account_id", "parameter"),
                code="missing_required_query_parameter",
            )
        account_id = self.caller.account_id if asked == self.caller.account_id else ""
        rows = Policy.objects.filter(account_id=account_id, state=request.GET.get("state", "active"))
        if iam_id := request.GET.get("iam_id"):
            rows = rows.filter(subject_iam_id=iam_id.lower())
        return Response({"policies": [self.render(policy) for policy in rows.order_by("created_at", "id")]})

    def post(self, request: Request) -> Response:
        account = Account.objects.get(id=self.caller.account_id)
        content = self.read(request.data)
        policy = policies.create_policy(
            account, content=content, api_version=self.api_version, by=Party.of(self.caller)
        )
        return Response(self.render(policy), status=201, headers={"ETag": policy.entity_tag})


class OnePolicyV2(PolicyView):
    operations = {
        "GET": Operation("get_policy", "iam-access-management.policy.read", events.POLICY_READ),
        "PUT": Operation("replace_policy", "iam-access-management.policy.update", events.POLICY_UPDATE, True),
        "DELETE": Operation("delete_policy", "iam-access-management.policy.delete", events.POLICY_DELETE, True),
    }

    def target(self) -> Party:
        return Party(self.kwargs["policy_id"], type="Policy")

    def get_policy(self) -> Policy:
        try:
            number = uuid.UUID(self.kwargs["policy_id"])
        except ValueError:
            number = uuid.UUID(int=0)
        policy = Policy.objects.filter(account_id=self.caller.account_id, id=number).first()
        if policy is None:
            raise NotFound("There is no policy of this id in your account.", code="policy_not_found")
        return policy

    def get(self, request: Request, policy_id: str) -> Response:
        policy = self.get_policy()
        return Response(self.render(policy), headers={"ETag": policy.entity_tag})

    def put(self, request: Request, policy_id: str) -> Response:
        policy = self.get_policy()
        require_match(request.headers.get("If-Match"), current=policy.entity_tag)
        policy = policies.replace_policy(policy, content=self.read(request.data), by=Party.of(self.caller))
        return Response(self.render(policy), headers={"ETag": policy.entity_tag})

    def delete(self, request: Request, policy_id: str) -> Response:
        policies.delete_policy(self.get_policy(), by=Party.of(self.caller))
        return Response(status=204)


class StatePatch(StrictSerializer):
    state = serializers.ChoiceField(choices=["active"])


class OnePolicy(OnePolicyV2):
    """v1 also restores a policy by PATCH."""

    operations = OnePolicyV2.operations | {
        "PATCH": Operation("update_policy_state", "iam-access-management.policy.update", events.POLICY_UPDATE, True)
    }

    def patch(self, request: Request, policy_id: str) -> Response:
        policy = self.get_policy()
        require_match(request.headers.get("If-Match"), current=policy.entity_tag)
        asked = StatePatch.check(request.data)
        policy = policies.set_policy_state(policy, state=asked["state"], by=Party.of(self.caller))
        return Response(self.render(policy), headers={"ETag": policy.entity_tag})
