"""A client of IAM over HTTP, at ``BAREMINT_COS_IAM_URL`` or at the socket for internal calls."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from controlplane.cloudservice.errors import IamUnavailable
from controlplane.kernel import internal_calls
from controlplane.kernel.errors import NotAuthorized, Unauthenticated

log = structlog.get_logger(__name__)

SECONDS = 5
LONGEST_ANSWER = 1_048_576
KEYS = "/identity/keys"
DECISION = "/_baremint/explain"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def as_json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises IamUnavailable for anything else."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise _unavailable("IAM's answer is not understood")
        return content


def call(method: str, path: str, *, token: str = "", body: Mapping[str, Any] | None = None) -> Answer:
    """One request to IAM. Raises IamUnavailable when it does not answer."""
    headers = {"Accept": "application/json", "User-Agent": "baremint-service"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    # A connection for each call: a persistent one would break whenever a worker of IAM restarts.
    connection, base = _connection()
    try:
        content = json.dumps(body) if body is not None else None
        connection.request(method, base + path, body=content, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers), response.read(LONGEST_ANSWER))
    except (OSError, http.client.HTTPException) as failure:
        raise _unavailable("IAM does not answer", failure) from None
    finally:
        connection.close()


def _connection() -> tuple[http.client.HTTPConnection, str]:
    """A connection to IAM, and the prefix of its paths."""
    if not settings.BAREMINT_COS_IAM_URL:
        return internal_calls.connection(seconds=SECONDS), ""
    url = urlsplit(settings.BAREMINT_COS_IAM_URL)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "", url.port, timeout=SECONDS), url.path


def published_keys() -> tuple[list[dict[str, Any]], str]:
    """The JSON web keys that verify IAM's tokens, and the Cache-Control of the response."""
    answer = call("GET", KEYS)
    keys = answer.as_json().get("keys") if answer.status == 200 else None
    if not isinstance(keys, list):
        raise _unavailable(f"IAM answered {answer.status} for its keys")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return [key for key in keys if isinstance(key, dict)], headers.get("cache-control", "")


@dataclass(frozen=True)
class Decision:
    """IAM's decision on a call."""

    refusal: NotAuthorized | None
    depends_on: tuple[str, ...] | None
    """The attributes that the caller's policies compare; None when IAM does not say."""

    def may_depend_on(self, attribute: str) -> bool:
        return self.depends_on is None or attribute in self.depends_on

    def require(self) -> None:
        """Raises NotAuthorized with IAM's reason."""
        if self.refusal:
            raise self.refusal


def require(action: str, *, resource: Mapping[str, str], token: str) -> None:
    """Check that the bearer of the token may do this.

    Raises NotAuthorized with IAM's reason, Unauthenticated, or IamUnavailable.
    """
    ask(action, resource=resource, token=token).require()


def ask(action: str, *, resource: Mapping[str, str], token: str) -> Decision:
    """IAM's decision, which may be a refusal. Raises Unauthenticated or IamUnavailable."""
    answer = call("POST", DECISION, token=token, body={"action": action, "resource": resource})
    if answer.status == 401:
        raise Unauthenticated("IAM refuses the token. Get a new one and retry.")
    if answer.status != 200:
        raise _unavailable(f"IAM answered {answer.status} when asked for a decision")
    decision, refusal = answer.as_json(), None
    if decision.get("decision") != "allow":
        explanation = str(decision.get("explanation") or "")
        refusal = NotAuthorized(str(decision.get("because") or "IAM denies it."), more_info=explanation)
    depends_on = decision.get("depends_on")
    return Decision(refusal, tuple(map(str, depends_on)) if isinstance(depends_on, list) else None)


def _unavailable(what: str, failure: Exception | None = None) -> IamUnavailable:
    log.warning("iam unavailable", what=what, url=settings.BAREMINT_COS_IAM_URL or "its own", exc_info=failure)
    return IamUnavailable(f"{what}, so access cannot be decided. Try again in a moment.")
