"""Members of access groups: of one group, and one member of all groups."""

from collections.abc import Iterable
from itertools import chain

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import envelopes, timestamps
from controlplane.kernel.errors import ApiError, NotFound
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
from trustedprofiles.api.group_requests import NewMembers, NewMemberships, RemovedMembers
from trustedprofiles.api.group_responses import (
    AddedMember,
    AddGroupMembersResponse,
    DeleteGroupBulkMembersResponse,
    GroupMembersList,
    GroupOutcome,
    MemberDetails,
    MembershipsResponse,
    RemovedMember,
    failure,
    member_body,
)
from trustedprofiles.models import AccessGroup, GroupMember, ServiceId, TrustedProfile, User
from trustedprofiles.services import group_members
from trustedprofiles.services.group_members import Outcome, type_of_member

SORTABLE = ("id", "name", "email")
SORTS = (*SORTABLE, *(f"-{name}" for name in SORTABLE))
TYPE = Parameter("type", "Only members of this type.", choices(*GroupMember.Type.values))
VERBOSE = Parameter("verbose", "Whether to include names, email addresses and descriptions.", BOOLEAN)
SORT = Parameter("sort", "Order, with ``verbose``; the oldest come first without.", choices(*SORTS))
OK, NO_CONTENT = 200, 204


class Members(GroupView):
    operations = {
        "GET": Operation(
            "list_access_group_members",
            "iam-groups.members.list",
            events.MEMBERS_LIST,
            answer=GroupMembersList,
            query=(MEMBERSHIP_TYPE, TYPE, VERBOSE, SORT, *PAGES),
        ),
        "PUT": Operation(
            "add_members_to_access_group",
            "iam-groups.members.add",
            f"{events.MEMBER}.add",
            recorded_by_service=True,
            status=207,
            body=NewMembers,
            answer=AddGroupMembersResponse,
        ),
    }

    def get(self, request: Request, access_group_id: str) -> Response:
        rows = GroupMember.objects.filter(group_id=self.resource.id).order_by("created_at", "id")
        if type := one_of(request.GET, TYPE, GroupMember.Type.values):
            rows = rows.filter(type=type)
        if one_of(request.GET, MEMBERSHIP_TYPE, MEMBERSHIP_TYPES) == "dynamic":
            rows = rows.none()
        verbose, sort = boolean(request.GET, VERBOSE), one_of(request.GET, SORT, SORTS)
        page = counted_page(request, self._sorted(rows, sort) if verbose and sort else rows)
        details = _details(self.resource.account_id, page.items) if verbose else {}
        members = [{**member_body(row, base=self.base), **details.get(row.iam_id, {})} for row in page.items]
        return self.answer({**page.links, "members": members})

    def _sorted(self, rows: QuerySet[GroupMember], sort: str) -> list[GroupMember]:
        members, name = list(rows), sort.removeprefix("-")
        details = _details(self.resource.account_id, members)

        def key(member: GroupMember) -> tuple[str, str]:
            value = "" if name == "id" else str(details.get(member.iam_id, {}).get(name, ""))
            return value.casefold(), member.iam_id

        return sorted(members, key=key, reverse=sort.startswith("-"))

    def put(self, request: Request, access_group_id: str) -> Response:
        pairs = [(each["iam_id"], each["type"]) for each in self.body["members"]]
        outcomes = group_members.add_members(self.resource, members=pairs, by=Party.of(self.caller))
        members = [_added(*each, outcome) for each, outcome in zip(pairs, outcomes, strict=True)]
        return self.answer({"members": members})


def _added(iam_id: str, type: str, outcome: Outcome) -> AddedMember:
    if isinstance(outcome, ApiError):
        return {"iam_id": iam_id, "type": type, **failure(outcome, envelopes.trace_id())}
    return {
        "iam_id": iam_id,
        "type": type,
        "created_at": timestamps.seconds(outcome.created_at),
        "created_by_id": outcome.created_by_id,
        "status_code": OK,
    }


def _details(account_id: str, members: list[GroupMember]) -> dict[str, MemberDetails]:
    """Return the name, email address and description of the members that the account knows, by IAM id."""
    ids = {member.iam_id.removeprefix("iam-") for member in members}
    details: dict[str, MemberDetails] = {}
    for user in User.objects.filter(account_id=account_id, iam_id__in=ids):
        details[str(user.iam_id)] = {"name": user.get_full_name() or user.username, "email": user.email}
    rows: Iterable[ServiceId | TrustedProfile] = chain(
        ServiceId.objects.filter(account_id=account_id, id__in=ids),
        TrustedProfile.objects.filter(account_id=account_id, id__in=ids),
    )
    for row in rows:
        details[row.iam_id] = {"name": row.name, "description": row.description}
    return details


class MembersRemoval(GroupView):
    operations = {
        "POST": Operation(
            "remove_members_from_access_group",
            "iam-groups.members.delete",
            f"{events.MEMBER}.delete",
            recorded_by_service=True,
            status=207,
            body=RemovedMembers,
            answer=DeleteGroupBulkMembersResponse,
        ),
    }

    def post(self, request: Request, access_group_id: str) -> Response:
        iam_ids = list(dict.fromkeys(self.body["members"]))
        removed = group_members.remove_members(self.resource, iam_ids=iam_ids, by=Party.of(self.caller), status=207)
        missing = failure(NotFound("The access group has no such member."), envelopes.trace_id())
        members: list[RemovedMember] = [
            {"iam_id": each, "status_code": NO_CONTENT} if each in removed else {"iam_id": each, **missing}
            for each in iam_ids
        ]
        return self.answer({"access_group_id": self.resource.id, "members": members})


class OneMember(GroupView):
    operations = {
        "HEAD": Operation("is_member_of_access_group", "iam-groups.members.read", f"{events.MEMBER}.read", status=204),
        "DELETE": Operation(
            "remove_member_from_access_group",
            "iam-groups.members.delete",
            f"{events.MEMBER}.delete",
            recorded_by_service=True,
            status=204,
        ),
    }

    def head(self, request: Request, access_group_id: str, iam_id: str) -> Response:
        if not GroupMember.objects.filter(group_id=self.resource.id, iam_id=iam_id).exists():
            raise NotFound("The access group has no such member.")
        return self.answer()

    def delete(self, request: Request, access_group_id: str, iam_id: str) -> Response:
        group_members.remove_members(self.resource, iam_ids=[iam_id], by=Party.of(self.caller))
        return self.answer()


class Memberships(GroupsView):
    """The memberships of one identity. Groups whose members the caller may not change look as if they did not exist."""

    operations = {
        "PUT": Operation(
            "add_member_to_multiple_access_groups",
            "iam-groups.members.add",
            f"{events.MEMBER}.add",
            recorded_by_service=True,
            status=207,
            body=NewMemberships,
            answer=MembershipsResponse,
            query=(REQUIRED_ACCOUNT_ID,),
            lists=AccessGroup,
        ),
        "DELETE": Operation(
            "remove_member_from_all_access_groups",
            "iam-groups.members.delete",
            f"{events.MEMBER}.delete",
            recorded_by_service=True,
            status=207,
            answer=MembershipsResponse,
            query=(REQUIRED_ACCOUNT_ID,),
            lists=AccessGroup,
        ),
    }

    @property
    def groups(self) -> QuerySet[AccessGroup]:
        return self.listing.of(AccessGroup.objects.filter(account_id=self.caller.account_id))

    def put(self, request: Request, iam_id: str) -> Response:
        type_of_member(self.caller.account_id, iam_id)
        body = self.body
        ids = list(dict.fromkeys(body["groups"]))
        by_id = self.groups.in_bulk(ids)
        rows = [by_id[id] for id in ids if id in by_id]
        outcomes = group_members.add_to_groups(rows, iam_id=iam_id, type=body["type"], by=Party.of(self.caller))
        became: dict[str, Outcome] = dict(zip((row.id for row in rows), outcomes, strict=True))
        missing = NotFound("There is no access group of this id in your account.")
        groups = [_joined(id, became.get(id, missing)) for id in ids]
        return self.answer({"iam_id": iam_id, "groups": groups})

    def delete(self, request: Request, iam_id: str) -> Response:
        former = group_members.remove_from_groups(self.groups, iam_id=iam_id, by=Party.of(self.caller))
        groups: list[GroupOutcome] = [{"access_group_id": each.id, "status_code": NO_CONTENT} for each in former]
        return self.answer({"iam_id": iam_id, "groups": groups})


def _joined(id: str, outcome: Outcome) -> GroupOutcome:
    if isinstance(outcome, ApiError):
        return {"access_group_id": id, **failure(outcome, envelopes.trace_id())}
    return {"access_group_id": id, "status_code": OK}
