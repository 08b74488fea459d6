"""The rest of ``/api/v2``: operations of Key Protect that are left out (D-181), and paths that do not exist."""

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from controlplane.kernel.awaited_body import checks_first
from controlplane.kernel.envelopes import trace_id
from controlplane.kernel.text import echoed
from controlplane.keyprotect.api.envelope import key_protect
from controlplane.keyprotect.api.rendering import JSON
from controlplane.keyprotect.errors import KeyProtectError, NotServed, PathNotFound

KEY = "keys/[^/]+"
LEFT_OUT = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        ("kmip_adapters(/.*)?", "KMIP adapters"),
        ("governance_config(/.*)?", "governance configurations"),
        ("event_ack(/.*)?", "acknowledgements of events"),
        (f"migration_intents?(/.*)?|{KEY}/migrationIntent", "migration intents"),
        ("crypto_units?(/.*)?", "crypto units"),
    )
)
"""Paths below ``/api/v2/`` with the names of what is left out."""


def left_out(rest: str) -> str:
    """Return what a path below ``/api/v2/`` is about, if it is left out; else an empty text."""
    return next((words for pattern, words in LEFT_OUT if pattern.fullmatch(rest)), "")


@checks_first
@csrf_exempt
def refuse(request: HttpRequest, rest: str) -> HttpResponse:
    """Refuse every method, with or without a token: which paths there are is documented."""
    error = _refusal(request, rest)
    return JsonResponse(key_protect(error, trace_id()), status=error.status, content_type=JSON)


def _refusal(request: HttpRequest, rest: str) -> KeyProtectError:
    where = f"{request.method} {echoed(request.path)}"
    if words := left_out(rest):
        return NotServed(f"{where} is not simulated: Key Protect has no {words} here.")
    return PathNotFound(f"There is nothing at {where}. See /docs for the operations of Key Protect.")
