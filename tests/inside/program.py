"""A program on a server, calling its metadata service."""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.addressing import loopback_address
from servers.models import BareMetalServer

VERSION = "version=2025-08-26"
BY = Party("IBMid-ALICE00001", "Alice", "User")


class Inside:
    """A program on a server: it dials the server's own address."""

    def __init__(self, server: BareMetalServer) -> None:
        self.server = server
        self.client = Client()

    def call(self, method: str, path: str, body: Any = None, *, query: str = VERSION, **headers: str) -> HttpResponse:
        host = f"{loopback_address(self.server.number)}:8169"
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return self.client.generic(
            method,
            f"{path}?{query}",
            data,
            content_type="application/x-www-form-urlencoded",
            headers={"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )

    def token(self, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("PUT", "/identity/v1/token", body, **{"Metadata_Flavor": "ibm", **headers})

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token().json()['access_token']}"}

    def iam_token(self, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", "/identity/v1/iam_tokens", body, **(headers or self.bearer()))

    def certificate(self, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", "/identity/v1/certificates", body, **(headers or self.bearer()))


def error(response: HttpResponse) -> tuple[int, str, str]:
    [first] = response.json()["errors"]
    return response.status_code, first["code"], first.get("target", {}).get("name", "")


def last_event() -> ActivityEvent:
    event = ActivityEvent.objects.order_by("-pk").first()
    assert event is not None
    return event


Call = Callable[[Inside], HttpResponse]
