"""A client of IAM over HTTP, at ``BAREMINT_COS_IAM_URL`` or at the socket for internal calls.

Services use nothing else of IAM.
"""

import http.client
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
MOST_RESOURCES = 100
LARGEST_QUESTION = 200_000
"""Bytes of the resources in one question; IAM reads somewhat more."""


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


def ask(action: str, *, resource: Mapping[str, str], token: str) -> Decision:
    """Return IAM's decision, which may be a refusal. Raises Unauthenticated or IamUnavailable."""
    return _decision(_explained({"action": action, "resource": resource}, token))


def ask_each(action: str, *, resources: Sequence[Mapping[str, str]], token: str) -> list[Decision]:
    """Return IAM's decision on each resource, in their order, with as few calls as their number and size need.

    Raises Unauthenticated or IamUnavailable.
    """
    decisions: list[Decision] = []
    for part in _parts(resources):
        answers = _explained({"action": action, "resources": part}, token).get("decisions")
        if not isinstance(answers, list) or len(answers) != len(part) or not all(map(_is_object, answers)):
            raise _unavailable("IAM's answer is not understood")
        decisions += map(_decision, answers)
    return decisions


def _parts(resources: Iterable[Mapping[str, str]]) -> Iterator[list[Mapping[str, str]]]:
    part: list[Mapping[str, str]] = []
    size = 0
    for resource in resources:
        length = len(json.dumps(resource))
        if part and (len(part) == MOST_RESOURCES or size + length > LARGEST_QUESTION):
            yield part
            part, size = [], 0
        part.append(resource)
        size += length
    if part:
        yield part


def _explained(question: Mapping[str, Any], token: str) -> dict[str, Any]:
    answer = call("POST", DECISION, token=token, body=question)
    if answer.status == 401:
        raise Unauthenticated("IAM refuses the token. Get a new one and retry.")
    if answer.status != 200:
        raise _unavailable(f"IAM answered {answer.status} when asked for a decision")
    return answer.as_json()


def _decision(answer: dict[str, Any]) -> Decision:
    refusal = None
    if answer.get("decision") != "allow":
        explanation = str(answer.get("explanation") or "")
        refusal = NotAuthorized(str(answer.get("because") or "IAM denies it."), more_info=explanation)
    depends_on = answer.get("depends_on")
    return Decision(refusal, tuple(map(str, depends_on)) if isinstance(depends_on, list) else None)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _unavailable(what: str, failure: Exception | None = None) -> IamUnavailable:
    log.warning("iam unavailable", what=what, url=settings.BAREMINT_COS_IAM_URL or "its own", exc_info=failure)
    return IamUnavailable(f"{what}, so access cannot be decided. Try again in a moment.")
