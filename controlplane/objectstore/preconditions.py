"""Preconditions: If-Match and similar headers, also for the source of a copy."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from controlplane.objectstore.models import StoredObject

TAGS = ("If-Match", "If-None-Match")
DATES = ("If-Modified-Since", "If-Unmodified-Since")


def status_of(headers: Mapping[str, str], row: StoredObject, *, prefix: str = "") -> int:
    """The status of the preconditions: 200, 304, or 412 (RFC 9110, section 13.2.2). ``prefix`` precedes the header
    names.

    As in S3, an entity tag may lack its quotation marks.
    """
    request = HttpRequest()
    request.method = "GET"
    for name in (*TAGS, *DATES):
        if (value := headers.get(f"{prefix}{name}")) is not None:
            request.META[f"HTTP_{name.upper().replace('-', '_')}"] = _quoted(value) if name in TAGS else value
    modified = int(row.modified_at.timestamp())
    response = get_conditional_response(request, etag=row.etag, last_modified=modified, response=HttpResponse())
    return response.status_code if response is not None else 200


def _quoted(tags: str) -> str:
    each = [tag.strip() for tag in tags.split(",") if tag.strip()]
    return ", ".join(tag if tag == "*" or tag.startswith(('"', "W/")) else f'"{tag}"' for tag in each)
