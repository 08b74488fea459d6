"""``/v3/tags`` of Global Tagging.

Attaching and detaching answer per resource: a failure for one of them is an entry with ``is_error``.
"""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import ApiError, InvalidValue, NotAuthorized, NotFound, Target
from controlplane.kernel.operation import BOOLEAN, OFFSET, Operation, Parameter, limit_parameter
from controlplane.kernel.query_parameters import boolean, number, one_of
from trustedprofiles import events, tag_rules
from trustedprofiles.api import tag_requests, tag_responses
from trustedprofiles.api.base import ACCOUNT_ID
from trustedprofiles.api.pagination import DIRECTIONS
from trustedprofiles.api.tag_base import (
    ATTACHED_ONLY,
    ATTACHED_TO,
    FULL_DATA,
    ORDER_BY_NAME,
    PROVIDER,
    PROVIDERS,
    TAG_TYPE,
    TIMEOUT,
    TaggingView,
)
from trustedprofiles.models import Tag
from trustedprofiles.search_query import SearchQuery
from trustedprofiles.services import tags

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000
LARGEST_OFFSET = 999_999_999
MOST_FOUND = 100
LIMIT = limit_parameter(largest=LARGEST_PAGE)
ATTACHING = (
    Parameter("replace", "Whether all other tags of this type are taken off.", BOOLEAN),
    Parameter("update", "Whether a tag `key:value` takes the place of those with the same key.", BOOLEAN),
)


class Tags(TaggingView):
    operations = {
        "GET": Operation(
            "list_tags",
            "global-search-tagging.tag.read",
            f"{events.TAG}.read",
            answer=tag_responses.TagList,
            query=(
                *(ACCOUNT_ID, TAG_TYPE, FULL_DATA, PROVIDERS, ATTACHED_TO, OFFSET, LIMIT, TIMEOUT),
                *(ORDER_BY_NAME, ATTACHED_ONLY),
            ),
        ),
        "POST": Operation(
            "create_tag",
            "global-search-tagging.tag.create-access-tag",
            f"{events.TAG}.create",
            recorded_by_service=True,
            body=tag_requests.TagCreation,
            answer=tag_responses.CreateTagResults,
            query=(ACCOUNT_ID, TAG_TYPE),
            conflicts=False,
        ),
        "DELETE": Operation(
            "delete_tag_all",
            "global-search-tagging.tag.delete-user-tag",
            events.UNUSED_TAGS_DELETE,
            recorded_by_service=True,
            answer=tag_responses.DeleteTagsResult,
            query=(ACCOUNT_ID, TAG_TYPE, PROVIDERS),
            conflicts=False,
            further=("global-search-tagging.tag.delete-access-tag",),
        ),
    }

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.attached_to = request.GET.get(ATTACHED_TO)
        if request.method in ("GET", "HEAD") and self.attached_to is not None:
            self.admit([self._resource(self.attached_to)])

    def _resource(self, text: str) -> Crn:
        target = Target(ATTACHED_TO, "parameter", text)
        try:
            crn = tag_rules.parse_resource(text)
        except ValueError as problem:
            raise InvalidValue(str(problem), target=target) from None
        if crn.account_id != self.caller.account_id:
            raise NotFound("There is no such resource in your account.", target=target)
        return crn

    def get(self, request: Request) -> Response:
        rows = Tag.objects.filter(account_id=self.caller.account_id, type=self.tag_type)
        if self.attached_to is not None:
            rows = rows.filter(attachments__crn=self.attached_to)
        elif boolean(request.GET, ATTACHED_ONLY):
            rows = rows.filter(attachments__isnull=False).distinct()
        if PROVIDER not in request.GET.get(PROVIDERS, PROVIDER).split(","):
            rows = rows.none()
        backwards = "-" if one_of(request.GET, ORDER_BY_NAME, DIRECTIONS) == "desc" else ""
        offset = number(request.GET, OFFSET, largest=LARGEST_OFFSET)
        limit = number(request.GET, LIMIT, default=DEFAULT_PAGE, least=1, largest=LARGEST_PAGE)
        names = rows.order_by(f"{backwards}name").values_list("name", flat=True)
        body: tag_responses.TagList = {
            "total_count": rows.count(),
            "offset": offset,
            "limit": limit,
            "items": [{"name": name} for name in names[offset : offset + limit]],
        }
        return self.answer(body)

    def post(self, request: Request) -> Response:
        if one_of(request.GET, TAG_TYPE, tag_rules.TYPES) == tag_rules.USER:
            raise InvalidValue(
                "User tags are made by attaching them. Only access tags are created first: send tag_type=access.",
                target=Target(TAG_TYPE, "parameter", tag_rules.USER),
            )
        results: list[tag_responses.CreateTagResultsResultsItem] = []
        for name in self.normal_names(self.body["tag_names"], tag_rules.ACCESS):
            try:
                tags.create_access_tag(self.account, name=name, by=Party.of(self.caller))
            except ApiError as error:
                self.failed(Party(name=name, type="Tag"), error)
                results.append({"tag_name": name, "is_error": True, "message": error.message})
            else:
                results.append({"tag_name": name, "is_error": False})
        return self.answer(tag_responses.CreateTagResults(results=results))

    def delete(self, request: Request) -> Response:
        if PROVIDER not in request.GET.get(PROVIDERS, PROVIDER).split(","):
            return self.answer(tag_responses.DeleteTagsResult(total_count=0, errors=False, items=[]))
        names = tags.delete_unused_tags(self.account, type=self.tag_type, by=Party.of(self.caller))
        body: tag_responses.DeleteTagsResult = {
            "total_count": len(names),
            "errors": False,
            "items": [{"tag_name": name, "is_error": False} for name in names],
        }
        return self.answer(body)


class OneTag(TaggingView):
    path_parameters = (
        Parameter(
            "tag_name",
            "Name of the tag.",
            {"type": "string", "pattern": f"^{tag_rules.NAMES[tag_rules.USER].pattern}$"},
        ),
    )
    operations = {
        "DELETE": Operation(
            "delete_tag",
            "global-search-tagging.tag.delete-user-tag",
            f"{events.TAG}.delete",
            recorded_by_service=True,
            answer=tag_responses.DeleteTagResults,
            query=(ACCOUNT_ID, TAG_TYPE, PROVIDERS),
            conflicts=False,
            further=("global-search-tagging.tag.delete-access-tag",),
        )
    }

    def target(self) -> Party:
        return Party(name=self.kwargs["tag_name"][: tag_rules.LONGEST_NAME], type="Tag")

    def delete(self, request: Request, tag_name: str) -> Response:
        result: tag_responses.DeleteTagResultsItem = {"provider": PROVIDER, "is_error": False}
        name = tag_name.lower()
        try:
            tags.delete_tag(self.account, type=self.tag_type, name=name, by=Party.of(self.caller))
        except ApiError as error:
            self.failed(self.target(), error)
            result |= {"is_error": True, "message": error.message}
        return self.answer(tag_responses.DeleteTagResults(results=[result]))


class TaggedResources(TaggingView):
    """Tags and resources of an attach or detach request."""

    crns: dict[str, Crn]
    """The resources that the caller may do this to, by their names in the body."""
    refused: dict[str, ApiError]

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        body = self.body
        self.texts: list[str] = list(dict.fromkeys([*body["resources"], *self._found(body["wanted"])]))
        self.names = self.normal_names(body["names"], self.tag_type)
        self.crns, self.refused = {}, {}
        for text in self.texts:
            try:
                self.crns[text] = tag_rules.parse_resource(text)
            except ValueError as problem:
                self.refused[text] = InvalidValue(str(problem))
        own = {text: crn for text, crn in self.crns.items() if crn.account_id == self.caller.account_id}
        for text, verdict in zip(own, self.admit(list(own.values())), strict=True):
            if not verdict:
                self.refused[text] = NotAuthorized(verdict.because, more_info=verdict.explanation)

    def _found(self, wanted: SearchQuery | None) -> list[str]:
        """Return the resources that the query of the body finds or names and the caller may see.

        Raises InvalidValue for too many.
        """
        if wanted is None:
            return []
        tagged, by_crn = self.found(wanted)
        texts = [str(crn) for crn in self.readable(list(dict.fromkeys([*tagged, *by_crn])))]
        if len(texts) > MOST_FOUND:
            raise InvalidValue(
                f"The query finds more than {MOST_FOUND} resources. Narrow it.", target=Target("query.query_string")
            )
        return texts

    def post(self, request: Request) -> Response:
        results = [self._result(text) for text in self.texts]
        return self.answer(tag_responses.TagResults(results=results))

    def _result(self, text: str) -> tag_responses.TagResultsItem:
        try:
            if text in self.refused:
                raise self.refused[text]
            self.change(self.crns[text])
        except ApiError as error:
            self.failed(Party(text[: tag_rules.LONGEST_CRN], type="Resource"), error)
            return {"resource_id": text, "is_error": True, "message": error.message}
        return {"resource_id": text, "is_error": False}

    def change(self, crn: Crn) -> Any:
        raise NotImplementedError


class Attachments(TaggedResources):
    operations = {
        "POST": Operation(
            "attach_tag",
            "global-search-tagging.tag.attach-user-tag",
            f"{events.TAG}.attach",
            recorded_by_service=True,
            body=tag_requests.Tagging,
            answer=tag_responses.TagResults,
            query=(ACCOUNT_ID, TAG_TYPE, *ATTACHING),
            conflicts=False,
            further=("global-search-tagging.tag.attach-access-tag",),
        )
    }

    def prepare(self, request: Request) -> None:
        self.flags = {flag: boolean(request.GET, flag) for flag in ATTACHING}
        super().prepare(request)

    def change(self, crn: Crn) -> None:
        tags.attach_tags(
            self.account, crn=crn, type=self.tag_type, names=self.names, **self.flags, by=Party.of(self.caller)
        )


class Detachments(TaggedResources):
    operations = {
        "POST": Operation(
            "detach_tag",
            "global-search-tagging.tag.detach-user-tag",
            f"{events.TAG}.detach",
            recorded_by_service=True,
            body=tag_requests.Tagging,
            answer=tag_responses.TagResults,
            query=(ACCOUNT_ID, TAG_TYPE),
            conflicts=False,
            further=("global-search-tagging.tag.detach-access-tag",),
        )
    }

    def change(self, crn: Crn) -> None:
        tags.detach_tags(self.account, crn=crn, type=self.tag_type, names=self.names, by=Party.of(self.caller))
