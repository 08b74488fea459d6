"""Django's WSGI application, but for how it reads a Content-Type."""

from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Text is UTF-8 whatever the header says, and a header that cannot be read says nothing.

        Django would decode the query, too, with the codec that is named, before any middleware could answer: some of
        Python's make lone surrogates, some are for no text at all and fail.
        """
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            meta["CONTENT_TYPE"], self.content_type, self.content_params = "", "", {}


class Utf8Handler(WSGIHandler):
    request_class = Utf8Request


def get_application() -> WSGIHandler:
    """As django.core.wsgi.get_wsgi_application. A secret key that cannot be had is noticed now, and not by a client."""
    django.setup(set_prefix=False)
    str(settings.SECRET_KEY)
    return Utf8Handler()
