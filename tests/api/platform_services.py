"""The unmodified ``ibm-platform-services`` clients, wired to the control plane without a network between them."""

from collections.abc import Mapping
from typing import Any

import requests
from ibm_cloud_sdk_core.authenticators import BearerTokenAuthenticator
from requests.adapters import BaseAdapter

from tests.api.calling import client_of
from tests.world import ALICE

URL = "http://testserver"


class ControlPlane(BaseAdapter):
    """Takes a client's request to our views and the answer back."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        headers: Mapping[str, str] = {str(name): str(value) for name, value in request.headers.items()}
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        given = client_of(ALICE).generic(
            str(request.method),
            str(request.url).removeprefix(URL),
            body,
            content_type=headers.get("content-type", ""),
            headers={name: value for name, value in headers.items() if name.lower() != "content-type"},
        )
        answer = requests.Response()
        answer.status_code = given.status_code
        answer.headers.update(dict(given.headers))
        answer._content = given.content
        answer.request = request
        return answer

    def close(self) -> None:
        """There is no connection."""


def connected(service_class: Any) -> Any:
    """A client of this class whose caller is Alice."""
    service = service_class(authenticator=BearerTokenAuthenticator("taken-as-verified"))
    service.set_service_url(URL)
    session = requests.Session()
    session.mount(URL, ControlPlane())
    service.set_http_client(session)
    return service
