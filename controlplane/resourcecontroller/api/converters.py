"""The converter of the rest of a path, which may have any character in it."""

from django.urls import register_converter
from django.urls.converters import PathConverter


class RestConverter(PathConverter):
    """As Django's ``path``, and with line breaks, so that the view refuses unknown ids in its own envelope. It does not
    end with a slash, which would be another spelling of a path."""

    regex = "(?s:.*[^/])"


REST = "rest"
register_converter(RestConverter, REST)
