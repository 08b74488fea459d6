"""What the lists of the object store have in common."""

from collections.abc import Mapping
from urllib.parse import quote

from controlplane.kernel.whole_number import whole_number
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
    asked = query.get("encoding-type", "")
    if asked not in ("", "url"):
        raise InvalidArgument("encoding-type must be url, or absent.")
    return Encode(as_url=asked == "url")


def page_size(query: Mapping[str, str], name: str) -> int:
    """How many are listed at most, by the parameter of this name. Raises InvalidArgument."""
    limit = whole_number(query.get(name) or str(LARGEST_PAGE), largest=LARGEST_ASKED)
    if limit is None:
        raise InvalidArgument(f"{name} must be a whole number; a page has {LARGEST_PAGE} entries at most.")
    return min(limit, LARGEST_PAGE)
