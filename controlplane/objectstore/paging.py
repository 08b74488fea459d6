"""Parameters that the lists of the object store have in common."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from controlplane.kernel.query_parameters import number, one_of
from controlplane.objectstore.errors import InvalidArgument

LARGEST_PAGE = 1000
LARGEST_NUMBER = 2**31 - 1
STORAGE_CLASS = "STANDARD"


Encode = Callable[[str], str]


def encoding(query: Mapping[str, str]) -> Encode:
    """How keys are written: as they are, or percent-encoded with ``encoding-type=url``. Raises InvalidArgument."""
    message = "encoding-type must be url, or absent."
    value = one_of(query, "encoding-type", ("", "url"), message=message, refusal=InvalidArgument)
    return quote if value == "url" else str


def whole(values: Mapping[str, str], name: str, *, default: int = 0, least: int = 0, largest: int, message: str) -> int:
    """Return a whole number in a query. An empty parameter counts as absent. Raises InvalidArgument."""
    nonempty = {name: value} if (value := values.get(name)) else {}
    return number(
        nonempty, name, default=default, least=least, largest=largest, message=message, refusal=InvalidArgument
    )


def page_size(query: Mapping[str, str], name: str) -> int:
    """Return the largest number of entries in a page, from the parameter of this name. Raises InvalidArgument."""
    message = f"{name} must be a whole number; a page has {LARGEST_PAGE} entries at most."
    return min(whole(query, name, default=LARGEST_PAGE, largest=LARGEST_NUMBER, message=message), LARGEST_PAGE)
