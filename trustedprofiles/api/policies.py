"""``/v1/policies`` and ``/v2/policies``: one store, two renderings."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotFound
from controlplane.kernel.etag import require_match
from trustedprofiles import events
from trustedprofiles.api import policy_shapes as shapes
from trustedprofiles.api.base import require_own_account
from trustedprofiles.api.pages import OffsetPage, one_of
from trustedprofiles.api.policy_bodies import StateBody
from trustedprofiles.api.policy_errors import policy_envelope
from trustedprofiles.guarded import GuardedView
from trustedprofiles.models import Account, Policy
from trustedprofiles.permissions import Operation
from trustedprofiles.selectors import find_policy, policies_of
from trustedprofiles.services import policies
from trustedprofiles.services.policies import PolicyContent

FORMATS = ("include_last_permit", "display")
SORTABLE = ("id", "type", "created_at", "created_by_id", "last_modified_at", "last_modified_by_id", "state")
SORTS = (*SORTABLE, *(f"-{column}" for column in SORTABLE))
DEFAULT_PAGE = 50
# Query parameters that are compared with an attribute of the policy's resource.
RESOURCE_FILTERS = {
    "service_type": "serviceType",
    "service_name": "serviceName",
    "service_group_id": "service_group_id",
}


class PolicyView(GuardedView):
    """A view of the policy API; ``api_version`` says which rendering."""

    envelope = staticmethod(policy_envelope)
    service_name: ClassVar[str] = "iam-access-management"
    api_version = "v1"

    def read(self, data: Any) -> PolicyContent:
        parse = shapes.content_from_v2 if self.api_version == "v2" else shapes.content_from_v1
        return parse(data, account_id=self.caller.account_id)

    def render(self, policy: Policy) -> dict[str, Any]:
        render = shapes.v2_body if self.api_version == "v2" else shapes.v1_body
        base = self.request.build_absolute_uri("/").rstrip("/")
        return render(policy, base=base, display=self.request.GET.get("format") == "display")

    def answer(self, policy: Policy, status: int = 200) -> Response:
        return Response(self.render(policy), status=status, headers={"ETag": policy.entity_tag})


class Policies(PolicyView):
    operations = {
        "GET": Operation("list_policies", "iam-access-management.policy.read", events.POLICY_READ),
        "POST": Operation("create_policy", "iam-access-management.policy.create", events.POLICY_CREATE, True),
    }

    def get(self, request: Request) -> Response:
        require_own_account(request, self.caller.account_id)
        one_of(request, "format", FORMATS)
        rows = _listed(request, self.caller.account_id)
        if not request.GET.keys() & {"limit", "start"}:  # IBM pages only when asked to
            return Response({"policies": [self.render(policy) for policy in rows]})
        page = OffsetPage(
            request,
            rows,
            account_id=self.caller.account_id,
            size_name="limit",
            start_name="start",
            default=DEFAULT_PAGE,
        )
        neighbours = {name: {"href": url, "start": token} for name, (url, token) in page.neighbours.items()}
        body = {"limit": page.size, "first": {"href": page.first}, **neighbours}
        return Response({**body, "policies": [self.render(policy) for policy in page.items]})

    def post(self, request: Request) -> Response:
        content = self.read(request.data)
        account = Account.objects.get(id=self.caller.account_id)
        by = Party.of(self.caller)
        return self.answer(
            policies.create_policy(account, content=content, api_version=self.api_version, by=by), status=201
        )


def _listed(request: Request, account_id: str) -> Sequence[Policy]:
    """The policies the query asks for. Resources and tags are compared here: SQLite cannot search in JSON lists."""
    query = request.GET
    rows = policies_of(account_id).filter(state=one_of(request, "state", ("active", "deleted")) or "active")
    if iam_id := query.get("iam_id"):
        rows = rows.filter(subject_iam_id=iam_id.lower())
    if one_of(request, "type", ("access", "authorization")) == "authorization" or query.get("access_group_id"):
        return []  # neither is simulated
    wanted = {key: query[name] for name, key in RESOURCE_FILTERS.items() if query.get(name)}
    tag = {member: query[f"tag_{member}"] for member in ("name", "value") if query.get(f"tag_{member}")}
    return [
        row
        for row in rows.order_by(one_of(request, "sort", SORTS) or "created_at", "id")
        if all(_has(row.resource, key, value) for key, value in wanted.items()) and (not tag or _is_tagged(row, tag))
    ]


def _has(attributes: list[dict[str, Any]], key: str, value: str) -> bool:
    return any(each["key"] == key and each["value"] == value for each in attributes)


def _is_tagged(policy: Policy, tag: dict[str, str]) -> bool:
    """Whether one tag has the name and the value asked for."""
    return any(tag.items() <= {"name": each["key"], "value": each["value"]}.items() for each in policy.resource_tags)


class OnePolicyV2(PolicyView):
    operations = {
        "GET": Operation("get_policy", "iam-access-management.policy.read", events.POLICY_READ),
        "PUT": Operation("replace_policy", "iam-access-management.policy.update", events.POLICY_UPDATE, True),
        "DELETE": Operation("delete_policy", "iam-access-management.policy.delete", events.POLICY_DELETE, True),
    }

    policy: Policy

    def prepare(self, request: Request) -> None:
        policy = find_policy(self.caller.account_id, self.kwargs["policy_id"])
        if policy is None:
            raise NotFound("There is no policy of this id in your account.", code="policy_not_found")
        self.policy = policy

    def target(self) -> Party:
        name = str(self.policy) if hasattr(self, "policy") else ""
        return Party(self.kwargs["policy_id"], name, "Policy")

    def get(self, request: Request, policy_id: str) -> Response:
        one_of(request, "format", FORMATS)
        return self.answer(self.policy)

    def put(self, request: Request, policy_id: str) -> Response:
        require_match(request.headers.get("If-Match"), current=self.policy.entity_tag)
        content = self.read(request.data)
        return self.answer(policies.replace_policy(self.policy, content=content, by=Party.of(self.caller)))

    def delete(self, request: Request, policy_id: str) -> Response:
        policies.delete_policy(self.policy, by=Party.of(self.caller))
        return Response(status=204)


class OnePolicy(OnePolicyV2):
    """v1 also restores a deleted policy by PATCH."""

    operations = OnePolicyV2.operations | {
        "PATCH": Operation("update_policy_state", "iam-access-management.policy.update", events.POLICY_UPDATE, True)
    }

    def patch(self, request: Request, policy_id: str) -> Response:
        require_match(request.headers.get("If-Match"), current=self.policy.entity_tag)
        StateBody.check(request.data)
        return self.answer(policies.restore_policy(self.policy, by=Party.of(self.caller)))
