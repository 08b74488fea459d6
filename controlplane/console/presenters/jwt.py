"""JSON web tokens, decoded for display: header and claims as indented JSON, not verified."""

import base64
import json
from typing import Any

from controlplane.kernel.errors import ApiError
from controlplane.kernel.strictjson import parse_object

LONGEST = 16_384
HIDDEN = "(signature not shown)"


def decoded(token: str) -> tuple[str, str]:
    """Header and claims; each empty when it cannot be decoded."""
    parts = token.split(".")
    return _indented(parts[0]), _indented(parts[1] if len(parts) > 1 else "")


def without_signature(token: str) -> str:
    """A shortened token that identifies it but is not usable."""
    head, _, _ = token.rpartition(".")
    return f"{head[:48]}...{head[-12:]}.{HIDDEN}"


def _indented(part: str) -> str:
    content = _object(part)
    return json.dumps(content, indent=2, ensure_ascii=False) if content is not None else ""


def _object(part: str) -> dict[str, Any] | None:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        return parse_object(raw, limit=LONGEST)
    except (ValueError, ApiError):
        return None
