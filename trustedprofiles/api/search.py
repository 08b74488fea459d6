"""``POST /v3/resources/search`` of Global Search: the tags of resources, by CRN or by tag."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import paging
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import InvalidValue, MissingField, Target
from controlplane.kernel.operation import Operation, Parameter, limit_parameter
from controlplane.kernel.query_parameters import number
from trustedprofiles import events, search_query, tag_rules
from trustedprofiles.api import tag_requests, tag_responses
from trustedprofiles.api.base import ACCOUNT_ID
from trustedprofiles.api.tag_base import READ, TIMEOUT, TaggingView
from trustedprofiles.tagged_resources import tags_on

DEFAULT_PAGE = 10
LARGEST_PAGE = 1000
LIMIT = limit_parameter(largest=LARGEST_PAGE)
WITHOUT_EFFECT = (
    Parameter("sort", "Changes nothing: the order is always the same."),
    Parameter("is_deleted", "Changes nothing: what is deleted is not found."),
    Parameter("is_reclaimed", "Changes nothing: what is deleted is not found."),
    Parameter("can_tag", "Changes nothing: whatever is found can be tagged."),
)


class Search(TaggingView):
    operations = {
        "POST": Operation(
            "search",
            READ,
            events.RESOURCE_SEARCH,
            body=tag_requests.SearchRequest,
            answer=tag_responses.ScanResult,
            query=(ACCOUNT_ID, LIMIT, TIMEOUT, *WITHOUT_EFFECT),
            conflicts=False,
        )
    }

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.limit = number(request.GET, "limit", default=DEFAULT_PAGE, least=1, largest=LARGEST_PAGE)
        self.query, self.offset = self._asked(self.body)
        try:
            query = search_query.parse_query(self.query)
        except ValueError as problem:
            raise InvalidValue(str(problem), target=Target("query")) from None
        tagged, by_crn = self.found(query)
        others = [crn for crn in tagged if crn not in by_crn]
        verdicts = dict(zip((*by_crn, *others), self.admit(by_crn, found=others), strict=True))
        self.visible = [str(crn) for crn in tagged if verdicts[crn]]

    def _asked(self, body: dict[str, Any]) -> tuple[str, int]:
        """Return the query and the offset. A cursor contains both; with it, the rest of the body is ignored (IBM's
        reference)."""
        if "search_cursor" in body:
            try:
                query, offset = paging.open_cursor(body["search_cursor"], scope=self._scope)
            except InvalidValue:
                raise InvalidValue(
                    "search_cursor does not belong to this search. Take it from the last answer.",
                    target=Target("search_cursor"),
                ) from None
            return query, offset
        if "query" not in body:
            raise MissingField(f"query is required. {search_query.UNDERSTOOD}", target=Target("query"))
        return body["query"], 0

    @property
    def _scope(self) -> str:
        return f"search:{self.caller.account_id}:{self.caller.iam_id}"

    def post(self, request: Request) -> Response:
        end = self.offset + self.limit
        page = self.visible[self.offset : end]
        names = tags_on(self.caller.account_id, page)
        body: tag_responses.ScanResult = {"items": [_item(crn, names[crn]) for crn in page], "limit": self.limit}
        if len(self.visible) > end:
            body["search_cursor"] = paging.seal_cursor([self.query, end], scope=self._scope)
        return self.answer(body)


def _item(text: str, names: dict[str, list[str]]) -> tag_responses.ResultItem:
    crn = Crn.parse(text)
    return {
        "crn": text,
        "account_id": crn.account_id,
        "type": crn.resource_type,
        "tags": names[tag_rules.USER],
        "access_tags": names[tag_rules.ACCESS],
        "service_tags": [],
    }
