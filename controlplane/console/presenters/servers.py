"""The table of servers: its rows, columns and pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator

from controlplane.console.access import INITIALIZATION, PROFILE, SERVER, Person
from controlplane.console.pages import with_query
from controlplane.console.selectors import ORDERS, search_servers, servers_to_show
from servers.form_snapshot import switches_shown
from servers.lifecycle import ACTIONS
from servers.models import BareMetalServer

ROWS = 25
FILTERS = ("q", "status", "zone", "metadata", "protocol")
TONES = {"running": "good", "failed": "bad", "stopped": "quiet"}
COLUMNS = (
    ("Name", "name"),
    ("Status", "status"),
    ("Zone", "zone"),
    ("Profile", "profile"),
    ("Primary IP", ""),
    ("Metadata service", "metadata"),
    ("Secure access", "protocol"),
    ("Default trusted profile", ""),
    ("Last token", ""),
)


@dataclass(frozen=True)
class ServerRow:
    server: Any
    """As ``servers_to_show`` reads it."""
    tone: str
    """The colour of the status, in addition to its word."""
    doing: str
    """The present transition in words; empty at rest."""
    secure: bool
    default_profile_id: str
    default_profile: str
    shows_profile: bool
    last_token_at: datetime | None
    shows_use: bool
    may_change: bool
    mark: str
    """The snapshot of its switches (kernel/form_snapshot.py)."""


@dataclass(frozen=True)
class Column:
    title: str
    sort_path: str
    """The path of the table sorted by this column; empty for a column that cannot be sorted."""
    direction: str
    """``ascending``, ``descending``, or empty."""


@dataclass(frozen=True)
class ServerTable:
    rows: list[ServerRow]
    columns: list[Column]
    page: Page[Any]
    previous_path: str
    next_path: str
    live_path: str
    filtered: bool
    may_change: bool


def server_row(
    server: Any, may_change: bool, *, shows_profile: bool, names_profile: bool, shows_use: bool
) -> ServerRow:
    """A row of the table, from a server as ``servers_to_show`` reads it. The keywords say whether the person may read
    its default trusted profile, the profile's name, and the time of its last token."""
    default = server.initialization.default_trusted_profile_id if shows_profile else ""
    name = server.default_profile_name or (f"{default} (deleted)" if default else "")
    return ServerRow(
        server=server,
        tone="busy" if server.transition else TONES.get(server.status, "busy"),
        doing=f"being {ACTIONS[server.transition].done}" if server.transition else "",
        secure=server.metadata_protocol == BareMetalServer.Protocol.HTTPS,
        default_profile_id=default,
        default_profile=name if names_profile else default,
        shows_profile=shows_profile,
        last_token_at=server.last_token_at if shows_use else None,
        shows_use=shows_use,
        may_change=may_change,
        mark=switches_shown(server).mark,
    )


def server_table(person: Person, query: Mapping[str, str]) -> ServerTable:
    """The requested page of the table, or the last page. Raises NotAuthorized."""
    visible = person.require_list(f"{SERVER}.list", BareMetalServer.policy_columns())
    filters = {name: query.get(name, "") for name in (*FILTERS, "sort")}
    matches = search_servers(visible.of(servers_to_show(person.account.id, person.region)), filters)
    page = Paginator(matches, ROWS).get_page(query.get("page"))
    servers = list(page.object_list)
    attributes = [each.policy_attributes for each in servers]
    verdicts = person.may_each(f"{SERVER}.update", attributes)
    initialized = person.may_each(f"{INITIALIZATION}.read", attributes)
    names, uses = bool(person.may(f"{PROFILE}.list")), person.sees_activity
    rows = [
        server_row(server, bool(verdict), shows_profile=bool(may_read), names_profile=names, shows_use=uses)
        for server, verdict, may_read in zip(servers, verdicts, initialized, strict=True)
    ]
    return ServerTable(
        rows=rows,
        columns=_columns(filters),
        page=page,
        previous_path=_path(filters, page=page.previous_page_number()) if page.has_previous() else "",
        next_path=_path(filters, page=page.next_page_number()) if page.has_next() else "",
        live_path=with_query("/servers/table", {**filters, "page": page.number if page.number > 1 else ""}),
        filtered=any(filters[name] for name in FILTERS),
        may_change=any(row.may_change for row in rows),
    )


def _columns(filters: Mapping[str, str]) -> list[Column]:
    sort = filters["sort"]
    return [_column(title, name, sort, filters) for title, name in COLUMNS]


def _column(title: str, name: str, sort: str, filters: Mapping[str, str]) -> Column:
    if name not in ORDERS:
        return Column(title, "", "")
    direction = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
    following = f"-{name}" if direction == "ascending" else name
    return Column(title, _path({**filters, "sort": following}), direction)


def _path(filters: Mapping[str, str], *, page: int | None = None) -> str:
    return with_query("/servers", {**filters, "page": page if page and page > 1 else ""})
