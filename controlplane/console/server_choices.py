"""The servers that a form offers to choose from. There may be more than a list can hold; those are named in words."""

from django.db.models import Q, QuerySet

from controlplane.console.access import Person
from controlplane.console.presenters.truncated_list import Listed
from controlplane.kernel.errors import NotFound
from servers.models import BareMetalServer

MOST_OFFERED = 200
READ_AT_ONCE = 50


def offered(person: Person, rows: QuerySet[BareMetalServer]) -> Listed[BareMetalServer]:
    """The first of these servers that the person may read."""
    return Listed.first(MOST_OFFERED, first_readable(person, rows, MOST_OFFERED + 1))


def first_readable(person: Person, rows: QuerySet[BareMetalServer], most: int) -> list[BareMetalServer]:
    """So many of them, however many come before that the person may not read. VPCs must be fetched along."""
    found: list[BareMetalServer] = []
    seen = 0
    while len(found) < most and (some := list(rows[seen : seen + max(most, READ_AT_ONCE)])):
        found += person.readable(some)
        seen += len(some)
    return found[:most]


def chosen(person: Person, listed: str, named: str, *, rows: QuerySet[BareMetalServer]) -> BareMetalServer:
    """The server of the account that was chosen from the list, by its id, or else named by name or id.

    Raises NotFound, alike for one that the person may not read.
    """
    word = named.strip()
    wanted = Q(id=word) | Q(name=word) if word else Q(id=listed)
    found = rows.filter(wanted, account=person.account).select_related("vpc").order_by("number")
    if not (readable := first_readable(person, found, 1)):
        raise NotFound("There is no such server that you may read. Choose one.")
    return readable[0]
