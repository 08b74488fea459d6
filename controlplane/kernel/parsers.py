"""DRF parsers: strict JSON under any Content-Type, and the form body of the IAM token service."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from controlplane.kernel import strictjson


class StrictJSONParser(BaseParser):
    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return strictjson.parse_object(stream.read(limit + 1), limit=limit)
