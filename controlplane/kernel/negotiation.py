"""DRF's content negotiation, for any Accept header."""

from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation


class ContentNegotiation(DefaultContentNegotiation):
    def select_renderer(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().select_renderer(*arguments, **options)
        except ValueError:  # a parameter in an unknown or invalid encoding
            raise NotAcceptable from None
