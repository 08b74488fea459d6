"""The converter of the rest of a path, which may have any character in it."""

from django.urls import register_converter
from django.urls.converters import PathConverter


class RestConverter(PathConverter):
    """As Django's ``path``, and with line breaks, so that the view refuses every unknown id in its own envelope."""

    regex = "(?s:.+)"


REST = "rest"
register_converter(RestConverter, REST)
