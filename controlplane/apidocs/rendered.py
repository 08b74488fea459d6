"""What is served under /docs, made once in a process: it depends on nothing but code and settings."""

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import cache

from django.template.loader import render_to_string
from django.utils.html import escape

from controlplane.apidocs.document import document
from controlplane.apidocs.page import Page

HERE = "http://where-the-page-is-read.invalid"
"""Stands in the page that is kept, wherever an example calls the control plane."""

_making = threading.Lock()


@dataclass(frozen=True)
class Rendered:
    text: str
    sha256: str

    def etag(self, origin: str = "") -> str:
        digest = hashlib.sha256(f"{self.sha256} {origin}".encode()).hexdigest()
        return f'"{digest}"'


def as_json() -> Rendered:
    """The document in JSON."""
    with _making:  # who comes meanwhile waits, and does not make another one
        return _json()


def as_page() -> Rendered:
    """The page, with ``HERE`` for the origin."""
    with _making:
        return _page()


def page_read_at(origin: str) -> str:
    """The page as it is read there, such as ``http://127.0.0.1:8000``."""
    return as_page().text.replace(HERE, escape(origin))


@cache
def _json() -> Rendered:
    return _rendered(json.dumps(document()))


@cache
def _page() -> Rendered:
    return _rendered(render_to_string("apidocs/docs.html", {"page": Page(document(), origin=HERE)}))


def _rendered(text: str) -> Rendered:
    return Rendered(text, hashlib.sha256(text.encode()).hexdigest())
