"""DRF's choice among the forms of an answer, for any Accept header."""

from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation


class ContentNegotiation(DefaultContentNegotiation):
    def select_renderer(self, *arguments: Any, **named: Any) -> Any:
        try:
            return super().select_renderer(*arguments, **named)
        except ValueError:  # a parameter in an encoding that nobody knows, or in one that fails
            raise NotAcceptable from None
