"""What the lists of the object store have in common."""

from collections.abc import Mapping
from urllib.parse import quote

from controlplane.kernel.query_parameters import number, one_of
from controlplane.objectstore.errors import InvalidArgument

LARGEST_PAGE = 1000
LARGEST_ASKED = 2**31 - 1
STORAGE_CLASS = "STANDARD"


class Encode:
    """How keys are written: as they are, or percent-encoded when ``encoding-type=url`` asks for it."""

    def __init__(self, *, as_url: bool) -> None:
        self.as_url = as_url

    def __call__(self, text: str) -> str:
        return quote(text) if self.as_url else text


def encoding(query: Mapping[str, str]) -> Encode:
    """Raises InvalidArgument."""
    message = "encoding-type must be url, or absent."
    value = one_of(query, "encoding-type", ("", "url"), message=message, refusal=InvalidArgument)
    return Encode(as_url=value == "url")


def whole(values: Mapping[str, str], name: str, *, default: int = 0, least: int = 0, largest: int, message: str) -> int:
    """A whole number in a query, where an empty parameter is as an absent one. Raises InvalidArgument."""
    nonempty = {name: value} if (value := values.get(name)) else {}
    return number(
        nonempty, name, default=default, least=least, largest=largest, message=message, refusal=InvalidArgument
    )


def page_size(query: Mapping[str, str], name: str) -> int:
    """How many are listed at most, by the parameter of this name. Raises InvalidArgument."""
    message = f"{name} must be a whole number; a page has {LARGEST_PAGE} entries at most."
    return min(whole(query, name, default=LARGEST_PAGE, largest=LARGEST_ASKED, message=message), LARGEST_PAGE)
