"""Templates of enterprises and their assignments to accounts, which are not simulated (D-17): lists are empty, and
nothing can be created. Paths, names and shapes are those of IBM's SDK (ibm-platform-services 0.77.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, TypedDict, get_type_hints

from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import BadRequest
from controlplane.kernel.operation import Operation, Parameter
from trustedprofiles import events
from trustedprofiles.api import policies, policy_responses
from trustedprofiles.api.base import ACCOUNT_ID, IamView, IdentityView
from trustedprofiles.api.group_base import PAGES, GroupsView, counted_page
from trustedprofiles.api.group_responses import GroupPageLinks
from trustedprofiles.api.pagination import IdentityPage, offset_page, token_page
from trustedprofiles.api.policies import PolicyView
from trustedprofiles.models import TrustedProfile
from trustedprofiles.permissions import Nothing

NONE = TrustedProfile.objects.none


class Templates(IamView):
    kind: "Kind | None" = None
    page: ClassVar[type[Any]]
    """The links of a page, as the API writes them."""
    pages: ClassVar[tuple[str, ...]]
    """The query parameters that choose a page."""

    def get(self, request: Request) -> Response:
        assert self.kind  # noqa: S101  every route gives one
        return self.answer({**self.links(request), self.kind.items: []})

    def post(self, request: Request) -> NoReturn:
        assert self.kind  # noqa: S101
        because = "enterprises and their templates are not simulated"
        raise BadRequest(f"A new {self.kind.words} cannot be made: {because}.", code="not_supported")

    def links(self, request: Request) -> Mapping[str, Any]:
        """Return the links of the only page."""
        raise NotImplementedError


class IdentityTemplates(Templates, IdentityView):
    page = IdentityPage
    pages = ("limit", "pagetoken", "sort", "order", "include_history")

    def links(self, request: Request) -> Mapping[str, Any]:
        return token_page(request, NONE(), caller=self.caller).links


class PolicyTemplates(Templates, PolicyView):
    page = policy_responses.PageLinks
    pages = policies.PAGES

    def links(self, request: Request) -> Mapping[str, Any]:
        page = offset_page(request, NONE(), caller=self.caller, names=policies.PAGES, default=policies.DEFAULT_PAGE)
        return policy_responses.PageLinks(limit=page.query.limit, first={"href": page.query.link()})


class GroupTemplates(Templates, GroupsView):
    page = GroupPageLinks
    pages = PAGES

    def links(self, request: Request) -> Mapping[str, Any]:
        return counted_page(request, NONE()).links


@dataclass(frozen=True)
class Kind:
    view: type[Templates]
    path: str
    one: str
    """An item, as in the name of the operation that creates it: ``policy_template_assignment``."""
    many: str
    """Items, as in the name of the operation that lists them: ``policy_assignments``."""
    shape: str
    """IBM's name of the list."""
    actions: tuple[str, str]
    """The actions to read and to create."""
    event: str
    """The prefix of the names of events."""
    query: tuple[str, ...] = ()
    """The query parameters that filter lists, besides the template of assignments."""

    @property
    def items(self) -> str:
        """Return the name of the property that contains the list."""
        name = self.path.removeprefix("v1/")
        return "assignments" if name.endswith("assignments") else name

    @property
    def words(self) -> str:
        return self.path.removeprefix("v1/").removesuffix("s").replace("_", " ")

    @property
    def operations(self) -> dict[str, Operation]:
        reading, creation = self.actions
        page = get_type_hints(self.view.page, include_extras=True)
        collection = TypedDict(self.shape, {**page, self.items: list[dict[str, Any]]})  # type: ignore[misc]
        of_template = ("template_id", "template_version") if self.items == "assignments" else ()
        names = (*of_template, *self.query, *self.view.pages)
        query = (ACCOUNT_ID, *(Parameter(name, "Changes nothing: the list is empty.") for name in names))
        return {
            "GET": self._operation(f"list_{self.many}", reading, "read", answer=collection, lists=Nothing, query=query),
            "POST": self._operation(f"create_{self.one}", creation, "create", status=400),
        }

    def _operation(self, name: str, action: str, verb: str, **details: Any) -> Operation:
        return Operation(name, action, f"{self.event}.{verb}", conflicts=False, simulated=False, **details)


POLICY = ("iam-access-management.policy.read", "iam-access-management.policy.create")
ROLE = ("iam-access-management.role.read", "iam-access-management.customRole.create")
GROUP = ("iam-groups.groups.list", "iam-groups.groups.create")
PROFILE = ("iam-identity.profile.list", "iam-identity.profile.create")
SETTINGS = ("iam-identity.account.read", "iam-identity.account.update")
TARGETS = ("target", "target_type")
KINDS = (
    Kind(
        PolicyTemplates,
        "v1/policy_templates",
        "policy_template",
        "policy_templates",
        "PolicyTemplateCollection",
        POLICY,
        events.POLICY_TEMPLATE,
        ("state", "name", "policy_service_type", "policy_service_name", "policy_service_group_id", "policy_type"),
    ),
    Kind(
        PolicyTemplates,
        "v1/policy_assignments",
        "policy_template_assignment",
        "policy_assignments",
        "PolicyTemplateAssignmentCollection",
        POLICY,
        events.POLICY_ASSIGNMENT,
        ("version",),
    ),
    Kind(
        PolicyTemplates,
        "v1/action_control_templates",
        "action_control_template",
        "action_control_templates",
        "ActionControlTemplateCollection",
        POLICY,
        events.ACTION_CONTROL_TEMPLATE,
    ),
    Kind(
        PolicyTemplates,
        "v1/action_control_assignments",
        "action_control_template_assignment",
        "action_control_assignments",
        "ActionControlAssignmentCollection",
        POLICY,
        events.ACTION_CONTROL_ASSIGNMENT,
    ),
    Kind(
        PolicyTemplates,
        "v1/role_templates",
        "role_template",
        "role_templates",
        "RoleTemplateCollection",
        ROLE,
        events.ROLE_TEMPLATE,
        ("state", "name", "role_name", "role_service_name"),
    ),
    Kind(
        PolicyTemplates,
        "v1/role_assignments",
        "role_template_assignment",
        "role_assignments",
        "RoleAssignmentCollection",
        ROLE,
        events.ROLE_ASSIGNMENT,
    ),
    Kind(
        GroupTemplates,
        "v1/group_templates",
        "template",
        "templates",
        "ListTemplatesResponse",
        GROUP,
        events.ACCESS_GROUP_TEMPLATE,
        ("verbose",),
    ),
    Kind(
        GroupTemplates,
        "v1/group_assignments",
        "assignment",
        "assignments",
        "ListTemplateAssignmentResponse",
        GROUP,
        events.ACCESS_GROUP_ASSIGNMENT,
        ("target", "status"),
    ),
    Kind(
        IdentityTemplates,
        "v1/profile_templates",
        "profile_template",
        "profile_templates",
        "TrustedProfileTemplateList",
        PROFILE,
        events.PROFILE_TEMPLATE,
    ),
    Kind(
        IdentityTemplates,
        "v1/profile_assignments",
        "trusted_profile_assignment",
        "trusted_profile_assignments",
        "TemplateAssignmentListResponse",
        PROFILE,
        events.PROFILE_ASSIGNMENT,
        TARGETS,
    ),
    Kind(
        IdentityTemplates,
        "v1/account_settings_templates",
        "account_settings_template",
        "account_settings_templates",
        "AccountSettingsTemplateList",
        SETTINGS,
        events.ACCOUNT_SETTINGS_TEMPLATE,
    ),
    Kind(
        IdentityTemplates,
        "v1/account_settings_assignments",
        "account_settings_assignment",
        "account_settings_assignments",
        "TemplateAssignmentListResponse",
        SETTINGS,
        events.ACCOUNT_SETTINGS_ASSIGNMENT,
        TARGETS,
    ),
)


def urls() -> Iterator[URLPattern]:
    """Yield the routes of all kinds."""
    for kind in KINDS:
        view = kind.view.as_view(kind=kind, operations=kind.operations)
        yield path(kind.path, view)
        yield path(f"{kind.path}/", view)  # as IBM's SDKs write some of them
