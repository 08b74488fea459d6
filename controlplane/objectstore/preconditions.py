"""Whether an object is the one that a request is about: If-Match and its like, also of the source of a copy."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from controlplane.objectstore.models import StoredObject

TAGS = ("If-Match", "If-None-Match")
DATES = ("If-Modified-Since", "If-Unmodified-Since")


def status_of(headers: Mapping[str, str], found: StoredObject, *, prefix: str = "") -> int:
    """200, 304, or 412 (RFC 9110, section 13.2.2); ``prefix`` stands before the names of the headers.

    An entity tag without quotation marks is one, too, as at S3.
    """
    asked = HttpRequest()
    asked.method = "GET"
    for name in (*TAGS, *DATES):
        if (value := headers.get(f"{prefix}{name}")) is not None:
            asked.META[f"HTTP_{name.upper().replace('-', '_')}"] = _quoted(value) if name in TAGS else value
    modified = int(found.modified_at.timestamp())
    settled = get_conditional_response(asked, etag=found.etag, last_modified=modified, response=HttpResponse())
    return settled.status_code if settled is not None else 200


def _quoted(tags: str) -> str:
    each = [tag.strip() for tag in tags.split(",") if tag.strip()]
    return ", ".join(tag if tag == "*" or tag.startswith(('"', "W/")) else f'"{tag}"' for tag in each)
