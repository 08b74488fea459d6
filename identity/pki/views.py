"""Certificates, revocation lists and OCSP over HTTP (RFC 5280, section 4.2; RFC 6960, appendix A; RFC 5019)."""

import base64
from functools import partial
from urllib.parse import unquote

from cryptography.hazmat.primitives.serialization import Encoding
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from controlplane.kernel import clock, envelopes
from controlplane.kernel.awaited_body import checks_first
from controlplane.kernel.errors import NotFound
from controlplane.kernel.operation import Parameter
from controlplane.kernel.route_spec import RouteSpec
from controlplane.kernel.whole_number import whole_number
from identity import ca, key_schedule
from identity.certificates import authority_certificate_of
from identity.selectors import published_intermediates, trusted_roots
from identity.services.certificate_status import current_list, respond

CERTIFICATE = "application/pkix-cert"
REVOCATION_LIST = "application/pkix-crl"
BUNDLE = "application/x-pem-file"
OCSP_REQUEST = "application/ocsp-request"
OCSP_RESPONSE = "application/ocsp-response"

pki_route = partial(RouteSpec, tag="Certificates", answer=bytes)
ISSUER = Parameter(
    "issuer",
    "Id of the authority's key; its certificates name it in their issuer's address.",
    {"type": "string", "pattern": "^[-0-9A-Za-z_]+$", "maxLength": 128},
)

LARGEST_QUESTION = 4_096
"""The largest OCSP request in octets. A request about one certificate has about a hundred."""
CERTIFICATE_MAX_AGE = 86_400
BUNDLE_MAX_AGE = int(key_schedule.BUNDLE_MAX_AGE.total_seconds())
REVOKED_MAX_AGE = 60
"""How long a cache may hide a revocation, in seconds."""


@pki_route(
    method="GET",
    name="get_ca_bundle",
    summary="The root certificates that a chain may end in",
    answer_type=BUNDLE,
)
@require_safe
def ca_bundle(request: HttpRequest) -> HttpResponse:
    """``GET /pki/ca-bundle.pem``: the roots that a chain may end in."""
    return _file(trusted_roots().encode(), BUNDLE, max_age=BUNDLE_MAX_AGE)


@pki_route(
    method="GET",
    name="get_intermediates",
    summary="The intermediate certificates that a chain may pass, the next one included",
    answer_type=BUNDLE,
)
@require_safe
def intermediates(request: HttpRequest) -> HttpResponse:
    """``GET /pki/intermediates.pem``: every intermediate authority that a chain may pass, the next one too."""
    return _file(published_intermediates().encode(), BUNDLE, max_age=BUNDLE_MAX_AGE)


@pki_route(
    method="GET",
    name="get_authority_certificate",
    summary="The certificate of a root or intermediate authority",
    answer_type=CERTIFICATE,
    refusals=(404,),
    path=(ISSUER,),
)
@require_safe
def authority_certificate(request: HttpRequest, issuer: str) -> HttpResponse:
    """``GET /pki/<issuer>.cer``: the certificate of a root or intermediate authority, in DER."""
    certificate = authority_certificate_of(issuer)
    if not certificate:
        return _no_such_authority()
    return _file(ca.load(certificate).public_bytes(Encoding.DER), CERTIFICATE, max_age=CERTIFICATE_MAX_AGE)


@pki_route(
    method="GET",
    name="get_revocation_list",
    summary="What an authority has revoked (RFC 5280)",
    answer_type=REVOCATION_LIST,
    also={304: None},
    refusals=(404,),
    path=(ISSUER,),
)
@require_safe
def revocation_list(request: HttpRequest, issuer: str) -> HttpResponse:
    """``GET /pki/<issuer>.crl``: the present revocation list of this authority, in DER."""
    now = clock.now()
    current = current_list(issuer, now=now)
    if current is None:
        return _no_such_authority()
    seconds = max(0, int((current.next_update - now).total_seconds()))
    answer = _file(bytes(current.der), REVOCATION_LIST, max_age=min(REVOKED_MAX_AGE, seconds))
    answer["ETag"] = f'"{current.number}"'
    answer["Last-Modified"] = http_date(current.this_update.timestamp())
    answer["Expires"] = http_date(current.next_update.timestamp())
    return get_conditional_response(request, etag=f'"{current.number}"', response=answer) or answer


@pki_route(
    method="POST",
    name="ask_certificate_status",
    summary="Whether a certificate is good (OCSP, RFC 6960)",
    answer_type=OCSP_RESPONSE,
    description="What is no OCSP request is answered with `malformedRequest` and status 200.",
    body={"type": "string", "format": "binary"},
    body_type=OCSP_REQUEST,
)
@checks_first
@csrf_exempt
@require_POST
def ocsp_post(request: HttpRequest) -> HttpResponse:
    """``POST /pki/ocsp``: never cached."""
    length = whole_number(request.META.get("CONTENT_LENGTH") or "0", largest=LARGEST_QUESTION)
    answer = respond(request.body if length is not None else b"", now=clock.now())
    return HttpResponse(answer.der, content_type=OCSP_RESPONSE)


@pki_route(
    method="GET",
    name="get_certificate_status",
    summary="Whether a certificate is good (OCSP over GET)",
    answer_type=OCSP_RESPONSE,
    path=(
        Parameter(
            "question",
            "An OCSP request, DER in base64.",
            {"type": "string", "minLength": 1, "contentEncoding": "base64"},
        ),
    ),
)
@require_safe
def ocsp_get(request: HttpRequest, question: str) -> HttpResponse:
    """``GET /pki/ocsp/<base64>``, for caches on the way (RFC 5019, section 6.2)."""
    # The path as it was sent: base64 may contain two slashes in a row, which are read as one everywhere else.
    text = request.META["PATH_INFO"].partition("/pki/ocsp/")[2]
    try:
        der = base64.b64decode(unquote(text), validate=True) if len(text) <= LARGEST_QUESTION * 2 else b""
    except ValueError:  # also for what is not ASCII
        der = b""
    answer = respond(der, now=clock.now())
    response = HttpResponse(answer.der, content_type=OCSP_RESPONSE)
    if answer.good_until is not None:
        response["Cache-Control"] = f"public, no-transform, must-revalidate, max-age={REVOKED_MAX_AGE}"
        response["Expires"] = http_date(answer.good_until.timestamp())
    return response


def _file(content: bytes, content_type: str, *, max_age: int) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Cache-Control"] = f"public, max-age={max_age}"
    return response


def _no_such_authority() -> HttpResponse:
    return envelopes.json_response(
        NotFound("There is no such authority. The certificates it issued name it, in their issuer's address.")
    )
