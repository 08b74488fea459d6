"""IBM's unmodified clients, wired to our views without a network between them."""

import io
from collections.abc import Mapping
from typing import Any

import requests
from ibm_cloud_sdk_core.authenticators import BearerTokenAuthenticator
from requests.adapters import BaseAdapter

from controlplane.kernel.caller import Caller
from tests.api.calling import client_of
from tests.world import ALICE

URL = "http://testserver"


class ControlPlane(BaseAdapter):
    """Takes a client's request to our views, as a given caller, and the answer back."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self.caller = caller

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        headers: Mapping[str, str] = {str(name): str(value) for name, value in request.headers.items()}
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        response = client_of(self.caller).generic(
            str(request.method),
            str(request.url).removeprefix(URL),
            body,
            content_type=headers.get("content-type", ""),
            headers={name: value for name, value in headers.items() if name.lower() != "content-type"},
        )
        answer = requests.Response()
        answer.status_code = response.status_code
        answer.headers.update(dict(response.headers))
        answer.raw = io.BytesIO(response.content)
        answer.request = request
        return answer

    def close(self) -> None:
        """There is no connection."""


def connected(service_class: Any, caller: Caller = ALICE) -> Any:
    """A client of a service, whose token is taken as verified."""
    service = service_class(authenticator=BearerTokenAuthenticator("taken-as-verified"))
    service.set_service_url(URL)
    session = requests.Session()
    session.mount(URL, ControlPlane(caller))
    service.set_http_client(session)
    return service
