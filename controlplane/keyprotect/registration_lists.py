"""Lists of the resources that root keys protect (Key Protect contract, section 2.1)."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from django.db.models import QuerySet

from controlplane.instances.models import ResourceInstance
from controlplane.kernel.query_parameters import optional_boolean
from controlplane.keyprotect.errors import InvalidQuery, parameter
from controlplane.keyprotect.list_query import Paging, parse_paging
from controlplane.keyprotect.models import Registration
from controlplane.keyprotect.selectors import in_rings

SEGMENTS = 10
LONGEST_CRN = 512
ANY = "*"
CRN_QUERY = "urlEncodedResourceCRNQuery"
CHARACTERS = re.compile(r"[A-Za-z0-9:/_.*-]*")


@dataclass(frozen=True)
class RegistrationQuery(Paging):
    crn_pattern: str = ""
    """A regular expression, which SQLite and PostgreSQL understand alike. Empty for every resource."""
    prevents_deletion: bool | None = None

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> "RegistrationQuery":
        """Parse the parameters of a request; an empty one is absent. Raises InvalidQuery."""
        present = {name: value for name, value in values.items() if value}
        return cls(
            **vars(parse_paging(present)),
            crn_pattern=_pattern(present.get(CRN_QUERY, "")),
            prevents_deletion=optional_boolean(present, "preventKeyDeletion", refusal=InvalidQuery),
        )


def registrations_of(instance: ResourceInstance, *, rings: Collection[str] | None = None) -> QuerySet[Registration]:
    """Return the registrations of the keys in these key rings of an instance, in all of them for None."""
    rows = Registration.objects.filter(key__instance=instance).select_related("key", "version")
    rows = rows.defer("version__ciphertext", "version__nonce")
    return rows if rings is None else rows.filter(in_rings(rings, of="key__"))


def list_registrations(
    registrations: QuerySet[Registration], query: RegistrationQuery
) -> tuple[list[Registration], int | None]:
    """Return one page of the registrations that match, in the order of their creation, and the number of all if the
    query asks for it."""
    if query.crn_pattern:
        registrations = registrations.filter(resource_crn__regex=query.crn_pattern)
    if query.prevents_deletion is not None:
        registrations = registrations.filter(prevents_deletion=query.prevents_deletion)
    page = list(registrations.order_by("pk")[query.slice])
    return page, registrations.count() if query.total_count else None


def _pattern(crn: str) -> str:
    if not crn:
        return ""
    if not crn.startswith("crn:"):
        crn = unquote(crn)  # the name of the parameter lets callers encode what their client encodes again
    segments = crn.split(":", SEGMENTS - 1)
    if len(segments) != SEGMENTS or len(crn) > LONGEST_CRN or not CHARACTERS.fullmatch(crn):
        message = f"The query_param `{CRN_QUERY}` must be: a CRN of {SEGMENTS} segments, each of which may be *"
        raise InvalidQuery(message, target=parameter(CRN_QUERY))
    *first, last = segments
    tail = re.escape(last.removesuffix(ANY)) + (".*" if last.endswith(ANY) else "")
    return "^" + ":".join("[^:]*" if each == ANY else re.escape(each) for each in first) + f":{tail}$"
