"""Calling the control plane as a given caller."""

import json
from typing import Any

from rest_framework.test import APIClient

from controlplane.kernel.caller import Caller
from tests.world import ACCOUNT, ALICE


def client_of(caller: Caller | None) -> APIClient:
    """A client whose token is taken as verified; None sends none. Our own faults are answered, not raised."""
    client = APIClient(raise_request_exception=False)
    if caller:
        client.force_authenticate(user=caller)  # type: ignore[arg-type]
    return client


def call(method: str, path: str, body: Any = None, *, caller: Caller | None = ALICE, **headers: str) -> Any:
    """An answer. Headers are named with underscores: ``If_Match``."""
    http_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client_of(caller).generic(
        method, path, _encoded(body), content_type="application/json", headers=http_headers
    )


def _encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""


def caller_of(iam_id: str, *, account_id: str = ACCOUNT) -> Caller:
    """A trusted profile taken on by a server."""
    return Caller(iam_id, account_id, "web-1", "ComputeResource", identifier=iam_id.removeprefix("iam-"))


def refusal(response: Any) -> tuple[int, str]:
    """Status and the first code of an answer in any of the three list envelopes."""
    return response.status_code, response.json()["errors"][0]["code"]
