"""The VPC API as one caller sees it."""

import json
from typing import Any

from rest_framework.test import APIClient

from controlplane.kernel import clock
from controlplane.kernel.caller import Caller
from servers.models import BareMetalServer
from servers.services import transitions
from tests.world import ALICE

QUERY = "version=2025-08-26&generation=2"
SERVERS = "/v1/bare_metal_servers"


class Api:
    """The VPC API as one caller sees it."""

    def __init__(self, caller: Caller = ALICE) -> None:
        self.client = APIClient()
        self.client.force_authenticate(user=caller)  # type: ignore[arg-type]

    def call(self, method: str, path: str, body: Any = None, *, query: str = QUERY, **headers: str) -> Any:
        """An answer. Headers are named with underscores: ``If_Match``."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        http_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, f"{path}?{query}", data, content_type="application/json", headers=http_headers
        )

    def get(self, path: str, query: str = "", **headers: str) -> Any:
        return self.call("GET", path, query=f"{QUERY}&{query}", **headers)


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(each["code"], each.get("target", {}).get("name", "")) for each in answer.json()["errors"]]


def fits(model: Any, body: dict[str, Any]) -> Any:
    """The body as IBM's SDK reads it: all that the model requires is there, nothing that it does not know."""
    instance = model.from_dict(body)
    assert set(instance.to_dict()) == set(body)
    return instance


def settle(server_id: str) -> BareMetalServer:
    server = BareMetalServer.objects.get(id=server_id)
    while server.transition:
        transitions.advance(server_id, now=server.transition_due_at or clock.now())
        server.refresh_from_db()
    return server
