"""``/v1/policies`` and ``/v2/policies``: one store, two renderings."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import BadRequest, existing
from controlplane.kernel.operation import LIMIT, START, Operation, Parameter, choices
from controlplane.kernel.query_parameters import one_of
from trustedprofiles import events
from trustedprofiles.api import policy_requests, policy_responses
from trustedprofiles.api.base import REQUIRED_ACCOUNT_ID, DeletableRowView, RowView
from trustedprofiles.api.pagination import offset_page
from trustedprofiles.api.policy_errors import policy_envelope
from trustedprofiles.api.policy_requests import StateBody, V1Body, V2Body
from trustedprofiles.identity_grants import roles_of
from trustedprofiles.models import Policy
from trustedprofiles.roles import Role
from trustedprofiles.selectors import find_policy
from trustedprofiles.services import policies
from trustedprofiles.services.policies import PolicyContent

FORMATS = ("include_last_permit", "display")
SORTABLE = ("id", "type", "created_at", "created_by_id", "last_modified_at", "last_modified_by_id", "state")
SORTS = (*SORTABLE, *(f"-{column}" for column in SORTABLE))
TYPES = ("access", "authorization")
STATES = ("active", "deleted")
DEFAULT_PAGE = 50
PAGES = (LIMIT, START)
# Query parameters that are compared with an attribute of the policy's resource.
SERVICE_NAME = Parameter("service_name", "Only what is about this service.")
SERVICE_GROUP_ID = Parameter("service_group_id", "Only what is about this group of services.")
RESOURCE_FILTERS = {
    Parameter("service_type", "Only what is about this type of service."): "serviceType",
    SERVICE_NAME: "serviceName",
    SERVICE_GROUP_ID: "service_group_id",
}
TAG_FILTERS = {
    Parameter("tag_name", "Only policies on resources with this access tag."): "name",
    Parameter("tag_value", "Only policies on resources with this value of an access tag."): "value",
}
IAM_ID = Parameter("iam_id", "Only policies of this subject.")
ACCESS_GROUP_ID = Parameter("access_group_id", "Only policies of this access group.")
TYPE = Parameter("type", "``authorization`` policies are not simulated: answers with none.", choices(*TYPES))
STATE = Parameter("state", "``deleted`` ones can be restored.", choices(*STATES))
SORT = Parameter("sort", "Order; ``-`` before a name reverses it.", choices(*SORTS))
FORMAT = Parameter("format", "``display`` adds names and actions of the roles.", choices(*FORMATS))


class PolicyView(RowView):
    """A view of the policy API; ``api_version`` selects the rendering."""

    envelope = staticmethod(policy_envelope)
    service_name: ClassVar[str] = "iam-access-management"
    api_version: ClassVar[str] = "v1"

    def content(self) -> PolicyContent:
        """Return the policy that the body describes. Raises Refusals, or the error about a record that it refers to."""
        parse = policy_requests.content_from_v2 if self.api_version == "v2" else policy_requests.content_from_v1
        return parse(self.body, account_id=self.caller.account_id)

    def render(self, row: Policy) -> policy_responses.Policy | policy_responses.V2Policy:
        render: Callable[..., policy_responses.Policy | policy_responses.V2Policy]
        render = policy_responses.v2_body if self.api_version == "v2" else policy_responses.v1_body
        display = self.request.GET.get(FORMAT) == "display"
        return render(row, base=self.base, known=self.known_roles, display=display)

    @cached_property
    def known_roles(self) -> Mapping[str, Role]:
        return roles_of(self.caller.account_id)


LIST = Operation(
    "list_policies",
    "iam-access-management.policy.read",
    f"{events.POLICY}.read",
    answer=policy_responses.PolicyCollection,
    lists=Policy,
    query=(
        *(REQUIRED_ACCOUNT_ID, IAM_ID, ACCESS_GROUP_ID, TYPE, STATE, *RESOURCE_FILTERS),
        *(*TAG_FILTERS, SORT, FORMAT, *PAGES),
    ),
)
CREATE = Operation(
    "create_policy",
    "iam-access-management.policy.create",
    f"{events.POLICY}.create",
    recorded_by_service=True,
    status=201,
    body=V1Body,
    answer=policy_responses.Policy,
    etag=True,
)
GET = Operation(
    "get_policy",
    "iam-access-management.policy.read",
    f"{events.POLICY}.read",
    answer=policy_responses.Policy,
    query=(FORMAT,),
    etag=True,
)
REPLACE = Operation(
    "replace_policy",
    "iam-access-management.policy.update",
    f"{events.POLICY}.update",
    recorded_by_service=True,
    body=V1Body,
    answer=policy_responses.Policy,
    etag=True,
    if_match="required",
)
DELETE = Operation(
    "delete_policy",
    "iam-access-management.policy.delete",
    f"{events.POLICY}.delete",
    recorded_by_service=True,
    status=204,
)


class Policies(PolicyView):
    operations = {"GET": LIST, "POST": CREATE}

    def get(self, request: Request) -> Response:
        one_of(request.GET, FORMAT, FORMATS)
        rows = _listed(request, self.listing.of(Policy.objects.filter(account_id=self.caller.account_id)))
        if request.GET.keys().isdisjoint(PAGES):  # IBM returns pages only on request
            return self.answer({"policies": [self.render(policy) for policy in rows]})
        page = offset_page(request, rows, caller=self.caller, names=PAGES, default=DEFAULT_PAGE)
        links: policy_responses.PageLinks = {"limit": page.query.limit, "first": {"href": page.query.link()}}
        if page.next:
            links["next"] = _neighbour(*page.next)
        if page.previous:
            links["previous"] = _neighbour(*page.previous)
        return self.answer({**links, "policies": [self.render(policy) for policy in page.items]})

    def post(self, request: Request) -> Response:
        content = self.content()
        by = Party.of(self.caller)
        return self.answer_row(
            policies.create_policy(self.account, content=content, api_version=self.api_version, by=by)
        )


class PoliciesV2(Policies):
    api_version = "v2"
    operations = {
        "GET": replace(LIST, name="list_v2_policies", answer=policy_responses.V2PolicyCollection),
        "POST": replace(CREATE, name="create_v2_policy", body=V2Body, answer=policy_responses.V2Policy),
    }


def _neighbour(url: str, token: str) -> policy_responses.Neighbour:
    return {"href": url, "start": token}


def _listed(request: Request, rows: QuerySet[Policy]) -> QuerySet[Policy]:
    """Return the policies that the query asks for.

    Resources and tags are compared here: SQLite cannot search in JSON lists.
    """
    query = request.GET
    rows = rows.filter(state=one_of(request.GET, STATE, STATES) or "active")
    for name, is_group in ((IAM_ID, False), (ACCESS_GROUP_ID, True)):
        if subject := query.get(name):
            rows = (
                rows.filter(subject_iam_id=subject.lower())
                if policy_requests.names_access_group(subject) is is_group
                else rows.none()
            )
    if one_of(request.GET, TYPE, TYPES) == "authorization":
        rows = rows.none()  # not simulated
    attributes = {key: query[name] for name, key in RESOURCE_FILTERS.items() if query.get(name)}
    tag = {member: query[name] for name, member in TAG_FILTERS.items() if query.get(name)}
    rows = rows.order_by(one_of(request.GET, SORT, SORTS) or "created_at", "id")
    if not attributes and not tag:
        return rows
    compared = rows.values_list("pk", "resource", "resource_tags")
    matches = [
        pk
        for pk, resource, tags in compared
        if all(_has(resource, key, value) for key, value in attributes.items()) and (not tag or _is_tagged(tags, tag))
    ]
    return rows.filter(pk__in=matches)


def _has(attributes: list[dict[str, Any]], key: str, value: str) -> bool:
    return any(each["key"] == key and each["value"] == value for each in attributes)


def _is_tagged(tags: list[dict[str, Any]], tag: dict[str, str]) -> bool:
    """Return whether one of the tags has the name and the value of ``tag``."""
    return any(tag.items() <= {"name": each["key"], "value": each["value"]}.items() for each in tags)


class OnePolicyV2(DeletableRowView, PolicyView):
    api_version = "v2"
    operations = {
        "GET": replace(GET, name="get_v2_policy", answer=policy_responses.V2Policy),
        "PUT": replace(REPLACE, name="replace_v2_policy", body=V2Body, answer=policy_responses.V2Policy),
        "DELETE": replace(DELETE, name="delete_v2_policy"),
    }

    deletion = staticmethod(policies.delete_policy)

    def prepare(self, request: Request) -> None:
        self.row = existing(
            find_policy(self.caller.account_id, self.kwargs["policy_id"]),
            "There is no policy of this id in your account.",
            code="policy_not_found",
        )

    def target(self) -> Party:
        name = str(self.row) if hasattr(self, "row") else ""
        return Party(self.kwargs["policy_id"], name, "Policy")

    def get(self, request: Request, policy_id: str) -> Response:
        one_of(request.GET, FORMAT, FORMATS)
        return self.answer_row(self.row)

    def put(self, request: Request, policy_id: str) -> Response:
        if self.row.rule and self.api_version == "v1":
            raise BadRequest(
                f"The policy has a rule, which v1 would lose. Use PUT /v2/policies/{policy_id}.",
                code="request_not_processed",
            )
        return self.answer_row(policies.replace_policy(self.row, content=self.content(), by=Party.of(self.caller)))


class OnePolicy(OnePolicyV2):
    """v1 also restores a deleted policy by PATCH."""

    api_version = "v1"
    operations = {
        "GET": GET,
        "PUT": REPLACE,
        "DELETE": DELETE,
        "PATCH": replace(REPLACE, name="update_policy_state", body=StateBody),
    }

    def patch(self, request: Request, policy_id: str) -> Response:
        StateBody.check(request.data)
        return self.answer_row(policies.restore_policy(self.row, by=Party.of(self.caller)))
