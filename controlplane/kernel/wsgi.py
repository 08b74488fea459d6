"""Django's WSGI application with another treatment of the Content-Type."""

from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Parse the header but ignore its charset: text is always UTF-8. A malformed header is treated as absent.

        Django would decode the query, too, with that charset, before any middleware: some of Python's codecs create
        lone surrogates, and others are not for text and fail.
        """
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            meta["CONTENT_TYPE"], self.content_type, self.content_params = "", "", {}


class Utf8Handler(WSGIHandler):
    request_class = Utf8Request


def get_application() -> WSGIHandler:
    """Return the application, like django.core.wsgi.get_wsgi_application, after reading the secret key, so that a
    missing one fails here and not in a request."""
    django.setup(set_prefix=False)
    str(settings.SECRET_KEY)
    return Utf8Handler()
