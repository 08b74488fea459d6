"""Reports of browsers about violations of the content security policy, which are only logged."""

import json
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = structlog.get_logger(__name__)

LONGEST_REPORT = 8_192
LONGEST_WORD = 256
REPORTED_FIELDS = (
    "document-uri",
    "violated-directive",
    "effective-directive",
    "blocked-uri",
    "source-file",
    "line-number",
)


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log a report of any client; an invalid one is ignored."""
    report: Any = None
    if len(request.body) <= LONGEST_REPORT:
        try:
            report = json.loads(request.body).get("csp-report")
        except (ValueError, AttributeError, RecursionError):
            report = None
    if isinstance(report, dict):
        words = {name.replace("-", "_"): str(report[name])[:LONGEST_WORD] for name in REPORTED_FIELDS if name in report}
        log.warning("content security policy violated", **words)
    return HttpResponse(status=204)
