"""The token service as clients call it: forms in, tokens or refusals out."""

import base64
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

import jwt
from django.http import HttpResponse
from django.test import Client

from identity.claims import APIKEY_GRANT, ASSUME_GRANT, CR_TOKEN_GRANT, REFRESH_GRANT

PATH = "/identity/token"
PROFILES = "/identity/profiles"
INTROSPECT = "/identity/introspect"
USERINFO = "/identity/userinfo"
FORM = "application/x-www-form-urlencoded"
API_KEY = {"grant_type": APIKEY_GRANT, "response_type": "cloud_iam"}
CR_TOKEN = {"grant_type": CR_TOKEN_GRANT}
ASSUME = {"grant_type": ASSUME_GRANT}
REFRESH = {"grant_type": REFRESH_GRANT, "response_type": "cloud_iam"}


def basic(pair: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def ask(
    form: Mapping[str, Any], *, path: str = PATH, query: str = "", client: str = "", **headers: str
) -> HttpResponse:
    """``client`` is the pair of HTTP Basic, ``bx:bx``; headers are named with underscores."""
    http_headers = {name.replace("_", "-"): value for name, value in headers.items()} | (
        basic(client) if client else {}
    )
    return cast(
        HttpResponse,
        Client().post(f"{path}{query}", urlencode(form, doseq=True), content_type=FORM, headers=http_headers),
    )


def introspected(**form: str) -> dict[str, Any]:
    """What is told of a token or an API key."""
    answer = ask(form, path=INTROSPECT)
    assert answer.status_code == 200, answer.content
    return cast(dict[str, Any], answer.json())  # type: ignore[attr-defined]


def user_info(bearer: str, scheme: str = "Bearer") -> Any:
    return Client().get(USERINFO, headers={"Authorization": f"{scheme} {bearer}"})


def token(answer: HttpResponse) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.json()["access_token"])  # type: ignore[attr-defined]


def claims(answer: HttpResponse) -> dict[str, Any]:
    """Of the access token, unverified."""
    token_claims: dict[str, Any] = jwt.decode(token(answer), options={"verify_signature": False})
    return token_claims


def refused(answer: HttpResponse, path: str = PATH) -> tuple[int, str]:
    """Status and code of a refusal, which has everything that a refusal of the token service has."""
    body = answer.json()  # type: ignore[attr-defined]
    assert body["errorMessage"]
    assert body["context"]["requestId"] == answer["Transaction-Id"] == answer["X-Request-Id"]
    assert body["context"]["url"] == f"http://testserver{path}"
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, body["errorCode"]
