"""``/api/v1`` of the global catalog, read-only (Key Protect contract, section 6.1)."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NotRequired, TypedDict
from urllib.parse import urlencode

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import envelopes
from controlplane.kernel.errors import NotFound, existing
from controlplane.kernel.operation import Operation, Parameter, Schema, limit_parameter
from controlplane.kernel.paging import first
from controlplane.kernel.query_parameters import number
from controlplane.resourcecontroller import catalog, events
from controlplane.resourcecontroller.catalog import Entry
from trustedprofiles.api.base import IamView

DEFAULT_PAGE = 50
LARGEST_PAGE = 200
LARGEST_OFFSET = 1_000_000
QUERY = Parameter("q", "Words that are in the name or title of an entry, and filters such as `kind:service`.")
OFFSET = Parameter("_offset", "How many entries to leave out before the first.", {"type": "integer", "minimum": 0})
LIMIT = limit_parameter("_limit", largest=LARGEST_PAGE)
IGNORED = tuple(
    Parameter(name, "Changes nothing: every entry is answered whole, in English.")
    for name in ("account", "include", "sort-by", "descending", "languages", "catalog", "complete")
)
DEPTH = Parameter("depth", "Changes nothing: children are asked for one level at a time.")
CHILDREN: dict[str, tuple[catalog.Kind, ...]] = {
    "plan": ("plan",),
    "flavor": ("plan",),
    "deployment": ("deployment",),
    "*": ("plan", "deployment"),
}
"""The kinds of entries that a kind in a path selects. IBM calls plans of infrastructure flavors."""


class CatalogEntry(TypedDict):
    """An entry under the name of IBM's own model. ``metadata`` has ``service``, ``plan`` or ``deployment`` by its
    kind."""

    id: str
    name: str
    kind: Literal["service", "plan", "deployment"]
    catalog_crn: str
    url: str
    parent_id: NotRequired[str]
    parent_url: NotRequired[str]
    children_url: NotRequired[str]
    overview_ui: dict[str, Any]
    images: dict[str, str]
    provider: dict[str, str]
    tags: list[str]
    geo_tags: list[str]
    active: bool
    disabled: bool
    group: bool
    metadata: dict[str, Any]


class EntrySearchResult(TypedDict):
    offset: int
    limit: int
    count: int
    resource_count: int
    first: str
    next: NotRequired[str]
    resources: list[CatalogEntry]


class CatalogView(IamView):
    """A view of the catalog, which every caller with a valid token may read."""

    envelope = staticmethod(envelopes.policy)
    service_name: ClassVar[str] = "globalcatalog"
    path_ids: ClassVar[Schema] = {"type": "string", "pattern": "^[-0-9A-Za-z:_.]+$", "maxLength": 128}

    def page(self, request: Request, entries: Sequence[Entry]) -> Response:
        """Return one page of the entries that match the query."""
        offset = number(request.GET, OFFSET, largest=LARGEST_OFFSET)
        limit = number(request.GET, LIMIT, default=DEFAULT_PAGE, least=1, largest=LARGEST_PAGE)
        query = request.GET.get(QUERY, "")
        rows = [each for each in entries if catalog.matches(each, query)]
        items, is_truncated = first(rows[offset:], limit)
        resources = [self.entry(each) for each in items]

        def link(start: int) -> str:
            parameters: dict[str, Any] = {OFFSET: start, LIMIT: limit} | ({QUERY: query} if query else {})
            return f"{request.build_absolute_uri(request.path)}?{urlencode(parameters)}"

        body: EntrySearchResult = {
            "offset": offset,
            "limit": limit,
            "count": len(rows),
            "resource_count": len(resources),
            "first": link(0),
            "resources": resources,
        }
        if is_truncated:
            body["next"] = link(offset + limit)
        return self.answer(body)

    def entry(self, entry: Entry) -> CatalogEntry:
        url = f"{self.base}/api/v1"
        body: CatalogEntry = {
            "id": entry.id,
            "name": entry.name,
            "kind": entry.kind,
            "catalog_crn": entry.crn,
            "url": f"{url}/{entry.id}",
            "overview_ui": {
                "en": {"display_name": entry.title, "long_description": entry.title, "description": entry.title}
            },
            "images": {"image": ""},
            "provider": {"email": "", "name": "Baremint"},
            "tags": [],
            "geo_tags": list(catalog.locations(entry.service)),
            "active": True,
            "disabled": False,
            "group": False,
            "metadata": _metadata(entry),
        }
        if entry.parent_id:
            body["parent_id"], body["parent_url"] = entry.parent_id, f"{url}/{entry.parent_id}"
        if entry.children:
            body["children_url"] = f"{url}/{entry.id}/{entry.children[0].kind}"
        return body


class Entries(CatalogView):
    operations = {
        "GET": Operation(
            "list_catalog_entries",
            "globalcatalog.entry.read",
            f"{events.CATALOG_ENTRY}.list",
            answer=EntrySearchResult,
            query=(QUERY, OFFSET, LIMIT, *IGNORED),
        ),
    }

    def get(self, request: Request) -> Response:
        return self.page(request, catalog.entries())


class OneEntry(CatalogView):
    operations = {
        "GET": Operation(
            "get_catalog_entry",
            "globalcatalog.entry.read",
            f"{events.CATALOG_ENTRY}.read",
            answer=CatalogEntry,
            query=(*IGNORED, DEPTH),
        ),
    }
    catalog_entry: Entry

    def prepare(self, request: Request) -> None:
        message = "There is no entry of this id in the catalog. GET /api/v1 lists the services."
        self.catalog_entry = existing(catalog.find_entry(self.kwargs["entry_id"]), message)

    def target(self) -> Party:
        return Party(self.kwargs["entry_id"], type="CatalogEntry")

    def get(self, request: Request, **path: str) -> Response:
        return self.answer(self.entry(self.catalog_entry))


class Children(OneEntry):
    path_parameters = (
        Parameter("child_kind", "Kind of the children: `*` is all.", {"type": "string", "enum": [*CHILDREN]}),
    )
    operations = {
        "GET": Operation(
            "get_child_objects",
            "globalcatalog.entry.read",
            f"{events.CATALOG_ENTRY}.list",
            answer=EntrySearchResult,
            query=(QUERY, OFFSET, LIMIT, *IGNORED),
        ),
    }

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        if self.kwargs["child_kind"] not in CHILDREN:
            raise NotFound(f"An entry has no children of this kind. There are: {', '.join(CHILDREN)}.")

    def get(self, request: Request, **path: str) -> Response:
        kinds = CHILDREN[self.kwargs["child_kind"]]
        return self.page(request, [each for each in self.catalog_entry.children if each.kind in kinds])


def _metadata(entry: Entry) -> dict[str, Any]:
    common = {"rc_compatible": True}
    if entry.kind == "service":
        service = {"rc_provisionable": True, "iam_compatible": True, "bindable": False, "plan_updateable": True}
        return {**common, "service": service}
    if entry.kind == "plan":
        return {**common, "plan": {"bindable": False, "reservable": False, "allow_internal_users": True}}
    return {**common, "deployment": {"location": entry.region, "target_crn": entry.crn}}
