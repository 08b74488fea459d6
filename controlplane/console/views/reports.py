"""Where browsers report what the content security policy kept them from: into the log, and nowhere else."""

import json
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = structlog.get_logger(__name__)

LONGEST_REPORT = 8_192
LONGEST_WORD = 256
TOLD = ("document-uri", "violated-directive", "effective-directive", "blocked-uri", "source-file", "line-number")


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Anybody may report; what is no report is dropped."""
    found: Any = None
    if len(request.body) <= LONGEST_REPORT:
        try:
            found = json.loads(request.body).get("csp-report")
        except (ValueError, AttributeError, RecursionError):
            found = None
    if isinstance(found, dict):
        words = {name.replace("-", "_"): str(found[name])[:LONGEST_WORD] for name in TOLD if name in found}
        log.warning("content security policy violated", **words)
    return HttpResponse(status=204)
