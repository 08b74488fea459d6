"""The requests that the benchmark measures."""

import http.client
import json
import ssl
import urllib.parse
import urllib.request
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from controlplane.bench.load import Request, run
from controlplane.cli.client import Client
from controlplane.deployment.api_version import API_VERSION

VERSION = f"version={API_VERSION}"
CONNECTIONS = 8


def send_each(info: dict[str, Any], *, count: int) -> None:
    """Send ``count`` requests of each kind, and as many to the metadata service over TLS."""
    for request in kinds(info).values():
        run(request, connections=CONNECTIONS, answers=count)
    host = urllib.parse.urlsplit(info["servers"][0]["metadata_url"]).hostname or ""
    trust = ssl.create_default_context(cafile=info["ca_bundle"])
    connection = http.client.HTTPSConnection(host, info["metadata_tls_port"], context=trust)
    for _ in range(count):
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    connection.close()


def kinds(info: dict[str, Any]) -> dict[str, Request]:
    """Return the requests by name, with tokens that are valid for an hour. ``info`` is that of ``baremint info``."""
    server = next(each for each in info["servers"] if each["metadata_enabled"])
    metadata = urllib.parse.urlsplit(server["metadata_url"])
    control = urllib.parse.urlsplit(info["control_plane_url"])
    inside = partial(Request, metadata.hostname or "", metadata.port or 80)
    outside = partial(Request, control.hostname or "", control.port or 80)
    flavor = {"Metadata-Flavor": "ibm", "Content-Type": "application/json"}
    token = inside("PUT", f"/identity/v1/token?{VERSION}", flavor)
    request = urllib.request.Request(  # noqa: S310  loopback http
        f"{server['metadata_url']}/identity/v1/token?{VERSION}", b'{"expires_in": 3600}', flavor, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  loopback http
        identity_token = json.load(answer)["access_token"]
    bearer = {"Authorization": f"Bearer {identity_token}", "Content-Type": "application/json"}
    body = json.dumps({"csr": csr()}).encode()
    return {
        "PUT /identity/v1/token": token,
        "POST /identity/v1/iam_tokens": inside("POST", f"/identity/v1/iam_tokens?{VERSION}", bearer),
        "POST /identity/v1/certificates": inside("POST", f"/identity/v1/certificates?{VERSION}", bearer, body),
        "GET /v1/bare_metal_servers": outside(
            "GET",
            f"/v1/bare_metal_servers?{VERSION}&generation=2",
            {"Authorization": f"Bearer {iam_token(info)}"},
        ),
    }


def iam_token(info: dict[str, Any]) -> str:
    """Return an IAM token for the API key."""
    return Client(info["iam_url"], info["api_key"], direct=True).token


def csr() -> str:
    """Return a certificate signing request in PEM."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "US")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signing_request = request.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signing_request.public_bytes(serialization.Encoding.PEM).decode()
