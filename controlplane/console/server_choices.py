"""The servers that a form offers. There may be more than the list holds; those can be entered by name or id."""

from django.db.models import Q, QuerySet

from controlplane.console.access import Person
from controlplane.console.truncated_list import TruncatedList
from controlplane.kernel.errors import NotFound
from servers.models import BareMetalServer

MOST_OPTIONS = 200
READ_AT_ONCE = 50


def server_options(person: Person, rows: QuerySet[BareMetalServer]) -> TruncatedList[BareMetalServer]:
    """The first of these servers that the person may read."""
    return TruncatedList.first(MOST_OPTIONS, first_readable(person, rows, MOST_OPTIONS + 1))


def first_readable(person: Person, rows: QuerySet[BareMetalServer], most: int) -> list[BareMetalServer]:
    """The first ``most`` rows that the person may read. Needs the VPCs to be fetched."""
    readable: list[BareMetalServer] = []
    offset = 0
    while len(readable) < most and (some := list(rows[offset : offset + max(most, READ_AT_ONCE)])):
        readable += person.readable(some)
        offset += len(some)
    return readable[:most]


def selected_server(person: Person, option: str, entry: str, *, rows: QuerySet[BareMetalServer]) -> BareMetalServer:
    """The server of the account that was selected in the list, by its id, or entered, by name or id.

    Raises NotFound, also for one that the person may not read.
    """
    word = entry.strip()
    condition = Q(id=word) | Q(name=word) if word else Q(id=option)
    candidates = rows.filter(condition, account=person.account).select_related("vpc").order_by("number")
    if not (readable := first_readable(person, candidates, 1)):
        raise NotFound("There is no such server that you may read. Choose one.")
    return readable[0]
