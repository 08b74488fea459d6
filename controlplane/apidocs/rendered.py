"""The contents of /docs, rendered once in a process, because they depend on code and settings only."""

import hashlib
import json
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.html import escape

from controlplane.apidocs.document import document
from controlplane.apidocs.page import Page
from controlplane.kernel.fresh_value import FreshValue
from controlplane.kernel.operation import Schema

HERE = "http://where-the-page-is-read.invalid"
"""The origin of the control plane in the examples of the rendered page; it is replaced in each response."""

FOREVER = float("inf")


@dataclass(frozen=True)
class Rendered:
    text: str
    sha256: str

    def etag(self, origin: str = "") -> str:
        digest = hashlib.sha256(f"{self.sha256} {origin}".encode()).hexdigest()
        return f'"{digest}"'


def _rendered(text: str) -> Rendered:
    return Rendered(text, hashlib.sha256(text.encode()).hexdigest())


def page_read_at(origin: str) -> str:
    """Return the page for this origin, such as ``http://127.0.0.1:8000``."""
    return PAGE.get().text.replace(HERE, escape(origin))


# Requests that arrive while one of these is rendered wait for it.
JSON = FreshValue(lambda _: _rendered(json.dumps(document())), seconds=FOREVER)
PAGE = FreshValue(lambda _: _rendered(_page(document())), seconds=FOREVER)
"""The page, with ``HERE`` for the origin."""


def _page(schema: Schema) -> str:
    return render_to_string("apidocs/docs.html", {"page": Page(schema, origin=HERE)})
