"""The three calls of a program on a server, made over the network to the server's own metadata service.

Of a token, the header and the claims are shown, not the signature. The key of the certificate is made for the call and
not kept.
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.conf import settings

from controlplane.console.presenters.certificates import common_name
from controlplane.console.presenters.jwt import decoded, without_signature
from controlplane.deployment.api_version import API_VERSION
from controlplane.deployment.home import CA_BUNDLE

SECONDS = 5
STEPS = ("token", "iam_token", "certificate")
SHOWN_HEADERS = ("content-type", "x-request-id", "www-authenticate")


@dataclass(frozen=True)
class Call:
    """One request, its response, and the decoded contents of the response."""

    title: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: str
    status: int
    """0 when there was no response."""
    reason: str
    answer_headers: list[tuple[str, str]] = field(default_factory=list)
    answer: str = ""
    header: str = ""
    claims: str = ""
    chain: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        return self.status == 200


class Endpoint(NamedTuple):
    url: str
    agent: str


def run(url: str, *, last: str, agent: str, profile_id: str = "") -> list[Call]:
    """Make the calls up to ``last``, one of STEPS, and stop at the first refusal. ``agent`` is their User-Agent, which
    events keep."""
    endpoint = Endpoint(url, agent)
    calls = [_token(endpoint)]
    token = _member(calls[0], "access_token")
    if token and last != "token":
        calls.append(_iam_token(endpoint, token, profile_id))
    if token and last == "certificate":
        calls.append(_certificate(endpoint, token))
    return [_fit_to_show(call) for call in calls]


def _token(endpoint: Endpoint) -> Call:
    headers = {"Metadata-Flavor": "ibm"}
    return _call(endpoint, "An identity token", "PUT", leaf="token", headers=headers, body={"expires_in": 300})


def _iam_token(endpoint: Endpoint, token: str, profile_id: str) -> Call:
    body = {"trusted_profile": {"id": profile_id}} if profile_id else {}
    return _call(endpoint, "An IAM token", "POST", leaf="iam_tokens", headers=_bearing(token), body=body)


def _certificate(endpoint: Endpoint, token: str) -> Call:
    body = {"csr": _signing_request(), "expires_in": 3600}
    return _call(endpoint, "An identity certificate", "POST", leaf="certificates", headers=_bearing(token), body=body)


def _bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _signing_request() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US")])
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def _call(
    endpoint: Endpoint, title: str, method: str, *, leaf: str, headers: dict[str, str], body: Mapping[str, Any]
) -> Call:
    path = f"/identity/v1/{leaf}?version={API_VERSION}"
    headers = {**headers, "User-Agent": endpoint.agent}
    text = json.dumps(body) if body else ""
    connection = _connection(endpoint.url)
    try:
        connection.request(method, path, body=text or None, headers=headers)
        answer = connection.getresponse()
        content = answer.read().decode(errors="replace")
    except OSError as failure:
        reason = f"Nothing answers at {endpoint.url}: {failure.strerror or failure}"
        return Call(title, method, path, list(headers.items()), text, 0, reason)
    finally:
        connection.close()
    response_headers = [(name, value) for name, value in answer.getheaders() if name.lower() in SHOWN_HEADERS]
    return Call(
        title, method, path, list(headers.items()), text, answer.status, answer.reason, response_headers, content
    )


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        trust = ssl.create_default_context(cafile=str(settings.HOME.path / CA_BUNDLE))
        return http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=trust)
    return http.client.HTTPConnection(host, parts.port, timeout=SECONDS)


def _parsed(call: Call) -> dict[str, Any]:
    try:
        content = json.loads(call.answer)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _member(call: Call, name: str) -> str:
    return str(_parsed(call).get(name, "")) if call.succeeded else ""


def _fit_to_show(call: Call) -> Call:
    """The call with its tokens shortened and decoded."""
    answer = _parsed(call)
    headers = [(name, _short(value)) for name, value in call.headers]
    header, claims = "", ""
    if token := _member(call, "access_token"):
        answer["access_token"] = without_signature(token)
        header, claims = decoded(token)
    chain = [_describe(pem) for pem in answer.get("certificates", [])] if call.succeeded else []
    text = json.dumps(answer, indent=2) if answer else call.answer
    return Call(
        call.title,
        call.method,
        call.path,
        headers,
        call.body,
        call.status,
        call.reason,
        call.answer_headers,
        text,
        header,
        claims,
        chain,
    )


def _short(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return f"{scheme} {without_signature(token)}" if scheme == "Bearer" else value


def _describe(pem: str) -> str:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    until = certificate.not_valid_after_utc.strftime("%Y-%m-%d %H:%M UTC")
    return f"{common_name(certificate.subject)}, issued by {common_name(certificate.issuer)}, until {until}"
