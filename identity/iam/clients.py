"""Identification of the client that asks for a token: HTTP Basic authentication with a pair built into IBM's clients.

The pairs are public and prove nothing. They decide the ``client_id`` of the token, and whether a session is opened.
"""

import base64
import binascii
import hmac

from django.http import HttpRequest

from controlplane.kernel.errors import Unauthenticated
from identity.claims import DEFAULT_CLIENT

CLIENTS = {"bx": "bx", "kube": "kube"}
"""Id and secret: IBM Cloud CLI, SDKs and Terraform; Kubernetes."""
UNKNOWN_CLIENT = "BXNIM0136E"


def client_of(request: HttpRequest) -> str:
    """Return the client id, ``default`` without authentication. Raises Unauthenticated for an unknown client."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        return DEFAULT_CLIENT
    scheme, _, credentials = header.partition(" ")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        text = ""
    client_id, _, secret = text.partition(":")
    expected = CLIENTS.get(client_id)
    if expected is None or not hmac.compare_digest(secret.encode(), expected.encode()):
        raise Unauthenticated(
            "The client is not known. Send no Authorization header, or HTTP Basic with bx:bx or kube:kube.",
            iam_code=UNKNOWN_CLIENT,
            headers={"WWW-Authenticate": 'Basic realm="IAM"'},
        )
    return client_id
