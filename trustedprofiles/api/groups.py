"""``/v2/groups`` and one access group."""

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.operation import BOOLEAN, Operation, Parameter, choices
from controlplane.kernel.query_parameters import boolean, one_of
from trustedprofiles import events
from trustedprofiles.api.base import REQUIRED_ACCOUNT_ID
from trustedprofiles.api.group_base import (
    MEMBERSHIP_TYPE,
    MEMBERSHIP_TYPES,
    PAGES,
    GroupsView,
    GroupView,
    counted_page,
)
from trustedprofiles.api.group_requests import AccessGroupCreation, AccessGroupUpdate
from trustedprofiles.api.group_responses import Group, GroupsList, group_body
from trustedprofiles.models import AccessGroup, GroupRule
from trustedprofiles.selectors import authorize, public_access_group
from trustedprofiles.services import access_groups
from trustedprofiles.services.group_members import type_of_member

SORTABLE = ("id", "name", "description", "is_federated")
SORTS = (*SORTABLE, *(f"-{name}" for name in SORTABLE))
SEARCHABLE = ("id", "name", "description")
FORMS = (
    Parameter("show_federated", "Whether to include ``is_federated``: whether the group has rules.", BOOLEAN),
    Parameter("show_crn", "Whether to include the CRN.", BOOLEAN),
)
IAM_ID = Parameter("iam_id", "Only groups of this member.")
SHOW_MEMBERSHIP_TYPE = Parameter("show_membership_type", "Whether to include how ``iam_id`` is a member.", BOOLEAN)
SEARCH = Parameter("search", "Only groups with this text: `id:TEXT`, `name:TEXT` or `description:TEXT`.")
SORT = Parameter("sort", "Order; ``-`` before a name reverses it. By name without it.", choices(*SORTS))
HIDE_PUBLIC_ACCESS = Parameter("hide_public_access", "Whether to leave out the Public Access group.", BOOLEAN)
FORCE = Parameter("force", "Whether to delete its members and rules too.", BOOLEAN)


class RenderedGroups(GroupsView):
    """Answers with groups as ``show_federated`` and ``show_crn`` of the query ask for."""

    def rendered(self, groups: list[AccessGroup]) -> list[Group]:
        federated, crn = (boolean(self.request.GET, name) for name in FORMS)
        bodies = [group_body(group, base=self.base) for group in groups]
        with_rules = federated_groups(groups) if federated else set()
        for group, body in zip(groups, bodies, strict=True):
            if federated:
                body["is_federated"] = group.id in with_rules
            if crn:
                body["crn"] = group.crn
        return bodies


class Groups(RenderedGroups):
    operations = {
        "GET": Operation(
            "list_access_groups",
            "iam-groups.groups.list",
            events.ACCESS_GROUPS_LIST,
            answer=GroupsList,
            lists=AccessGroup,
            query=(
                *(REQUIRED_ACCOUNT_ID, IAM_ID, MEMBERSHIP_TYPE, SHOW_MEMBERSHIP_TYPE, SEARCH, SORT),
                *(*FORMS, HIDE_PUBLIC_ACCESS, *PAGES),
            ),
        ),
        "POST": Operation(
            "create_access_group",
            "iam-groups.groups.create",
            f"{events.ACCESS_GROUP}.create",
            recorded_by_service=True,
            status=201,
            body=AccessGroupCreation,
            answer=Group,
            etag=True,
            query=(REQUIRED_ACCOUNT_ID,),
        ),
    }

    def get(self, request: Request) -> Response:
        page = counted_page(request, self._listed())
        bodies = self.rendered(page.items)
        if IAM_ID in request.GET and boolean(request.GET, SHOW_MEMBERSHIP_TYPE):
            for body in bodies:
                body["membership_type"] = "static"
        return self.answer({**page.links, "groups": bodies})

    def _listed(self) -> list[AccessGroup]:
        """Return the groups that the query asks for and the caller may see; an account has 500 at most."""
        query, account_id = self.request.GET, self.caller.account_id
        membership = one_of(self.request.GET, MEMBERSHIP_TYPE, MEMBERSHIP_TYPES)
        sort = one_of(self.request.GET, SORT, SORTS) or "name"
        rows = self.listing.of(AccessGroup.objects.filter(account_id=account_id))
        if iam_id := query.get(IAM_ID):
            type_of_member(account_id, iam_id)
            rows = rows.filter(members__iam_id=iam_id)
        elif membership:
            raise InvalidValue(
                "membership_type is about a member: give its iam_id.", target=Target(IAM_ID, "parameter")
            )
        groups = [] if membership == "dynamic" else list(rows)
        if membership in (None, "all") and not boolean(self.request.GET, HIDE_PUBLIC_ACCESS):
            groups += self._public_access()
        return _sorted([group for group in groups if self._is_searched(group)], sort)

    def _public_access(self) -> list[AccessGroup]:
        """Return the Public Access group, which has no row, in a list; an empty list when the caller may not see it."""
        group = public_access_group(self.account)
        resource = {"accountId": group.account_id, "serviceName": self.service_name, **group.policy_attributes}
        return [group] if authorize(self.caller, action=self.operations["GET"].action, resource=resource) else []

    def _is_searched(self, group: AccessGroup) -> bool:
        """Return whether the attribute that ``search=name:admins`` names contains the text, without regard to case."""
        text = self.request.GET.get(SEARCH)
        if not text:
            return True
        name, colon, part = text.partition(":")
        if not colon or name not in SEARCHABLE:
            raise InvalidValue(
                f"search is one of {', '.join(f'{each}:TEXT' for each in SEARCHABLE)}.",
                target=Target(SEARCH, "parameter", text),
            )
        return part.lower() in str(getattr(group, name)).lower()

    def post(self, request: Request) -> Response:
        group = access_groups.create_group(self.account, **self.body, by=Party.of(self.caller))
        return self.answer(group_body(group, base=self.base), etag=group.entity_tag)


class OneGroup(RenderedGroups, GroupView):
    operations = {
        "GET": Operation(
            "get_access_group",
            "iam-groups.groups.read",
            f"{events.ACCESS_GROUP}.read",
            answer=Group,
            query=FORMS,
            etag=True,
        ),
        "PATCH": Operation(
            "update_access_group",
            "iam-groups.groups.update",
            f"{events.ACCESS_GROUP}.update",
            recorded_by_service=True,
            body=AccessGroupUpdate,
            answer=Group,
            etag=True,
            if_match="required",
        ),
        "DELETE": Operation(
            "delete_access_group",
            "iam-groups.groups.delete",
            f"{events.ACCESS_GROUP}.delete",
            recorded_by_service=True,
            status=204,
            query=(FORCE,),
        ),
    }

    def get(self, request: Request, access_group_id: str) -> Response:
        [body] = self.rendered([self.resource])
        return self.answer(body, etag=self.resource.entity_tag)

    def patch(self, request: Request, access_group_id: str) -> Response:
        group = access_groups.update_group(self.resource, changes=self.body, by=Party.of(self.caller))
        return self.answer(group_body(group, base=self.base), etag=group.entity_tag)

    def delete(self, request: Request, access_group_id: str) -> Response:
        access_groups.delete_group(self.resource, force=boolean(request.GET, FORCE), by=Party.of(self.caller))
        return self.answer()


def federated_groups(groups: list[AccessGroup]) -> set[str]:
    """Return the ids of the groups that have rules."""
    return set(GroupRule.objects.filter(group__in=[each.id for each in groups]).values_list("group_id", flat=True))


def _sorted(groups: list[AccessGroup], sort: str) -> list[AccessGroup]:
    name = sort.removeprefix("-")
    federated = federated_groups(groups) if name == "is_federated" else set()

    def key(group: AccessGroup) -> tuple[str | bool, str]:
        value = group.id in federated if name == "is_federated" else str(getattr(group, name)).casefold()
        return value, group.id

    return sorted(groups, key=key, reverse=sort.startswith("-"))
