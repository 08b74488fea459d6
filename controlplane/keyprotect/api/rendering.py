"""Answers in JSON, whatever a client accepts (Key Protect contract, section 1.3)."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer

JSON = "application/json; charset=utf-8"


class Utf8Json(JSONRenderer):
    charset = "utf-8"


class AlwaysJson(DefaultContentNegotiation):
    """JSON for every Accept header: the Python client accepts only ``application/vnd.ibm.kms.key+json`` when it
    restores
    a key, and reads any JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
