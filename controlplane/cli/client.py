"""Call the REST APIs with an API key, and find resources by name."""

import base64
import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from controlplane import __version__
from controlplane.deployment import env
from controlplane.deployment.env import WEB, is_url

VERSION = {"version": "2026-10-06", "generation": "2"}
APIKEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
SECONDS = 60
MOST_CANDIDATES = 12


class CannotCall(Exception):
    """The service did not respond, or not as expected."""


class WrongOption(Exception):
    """The options do not fit together or do not fit the resource."""


class Refused(Exception):
    """The service refused the request. The message is its reason, for the user."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        lines = [_line(error) for error in body.get("errors", ())] or [
            str(body.get("errorMessage", "Refused.")),
            *([str(body["errorDetails"])] if "errorDetails" in body else []),
        ]
        trace = body.get("trace") or body.get("context", {}).get("requestId", "")
        super().__init__("\n".join([*lines, f"Status {status}, trace {trace}."]))
        self.status = status


class NotFound(Exception):
    """No resource has that name or id."""


def _line(error: Mapping[str, Any]) -> str:
    target = error.get("target", {}).get("name")
    at = f" ({target})" if target else ""
    return f"{error.get('code', '')}{at}: {error.get('message', '')}"


@dataclass
class Client:
    url: str
    """URL of the control plane, without ``/v1``."""
    api_key: str
    ca_bundle: str = ""
    region: str = ""
    """Empty for the deployment's region."""
    seconds: float = SECONDS
    """Time limit of a call."""
    direct: bool = False
    """Ignore the proxy settings of the environment."""
    _token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Check the URL. Raises CannotCall."""
        if not is_url(self.url, WEB):
            raise CannotCall(f"{self.url} is no http or https URL.")

    def call(
        self, method: str, path: str, body: Any = None, *, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Call the VPC API (``/v1/...``) or another one and return the JSON object of the response, or an empty one.

        Raises Refused, CannotCall.
        """
        parameters = {**(VERSION if path.startswith("/v1/") else {}), **(query or {})}
        address = f"{self.url.rstrip('/')}{path}?{urllib.parse.urlencode(parameters)}"
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if self.region:
            headers["Host"] = f"{self.region}.iaas.cloud.ibm.com"
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
        return self._send(urllib.request.Request(address, data, headers, method=method))  # noqa: S310

    @property
    def token(self) -> str:
        if not self._token:
            form = urllib.parse.urlencode({"grant_type": APIKEY_GRANT, "apikey": self.api_key}).encode()
            request = urllib.request.Request(f"{self.url.rstrip('/')}/identity/token", form)  # noqa: S310
            try:
                self._token = str(self._send(request)["access_token"])
            except (LookupError, TypeError):
                raise CannotCall(f"{self.url} is no Baremint: it issues no tokens.") from None
        return self._token

    @property
    def account_id(self) -> str:
        """The account of the API key, from the token."""
        payload = self.token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["account"]["bss"])

    def _send(self, request: urllib.request.Request) -> dict[str, Any]:
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})] if self.direct else []
        if request.type == "https":  # loading all authorities of the machine is slow, and plain HTTP does not need them
            try:
                context = ssl.create_default_context(cafile=self.ca_bundle or None)
            except OSError as error:
                raise CannotCall(f"The CA bundle {self.ca_bundle} cannot be read: {error.strerror or error}.") from None
            handlers.append(urllib.request.HTTPSHandler(context=context))
        try:
            request.add_header("User-Agent", env.agent(default=f"baremint/{__version__}"))
            with urllib.request.build_opener(*handlers).open(request, timeout=self.seconds) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, _object(error.read())) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise CannotCall(f"{self.url} does not answer: {reason}") from None
        return _object(text)

    def everything(
        self, collection: str, *, member: str = "", query: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return all pages of a collection of the VPC API, or of another path (``/...``).

        ``member`` is the name of the collection in the response.
        """
        return [*self._pages(collection, member or collection.rpartition("/")[2], query or {})]

    def _pages(self, collection: str, member: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        path = collection if collection.startswith("/") else f"/v1/{collection}"
        start: dict[str, str] = {}
        while True:
            page = self.call("GET", path, query={**query, **start})
            yield from page[member]
            if "next" not in page:
                return
            following = urllib.parse.parse_qs(urllib.parse.urlsplit(page["next"]["href"]).query)
            start = {"start": following["start"][0]}

    def find(self, collection: str, identifier: str, *, by_name: bool = False) -> dict[str, Any]:
        """Return an item of a collection by id, CRN or name; ``by_name`` when the API can filter by name.

        Raises NotFound, which lists the names.
        """
        member = collection.rpartition("/")[2]
        if by_name and (matches := self.everything(collection, query={"name": identifier})):
            return matches[0]
        present = self.everything(collection)
        for each in present:
            if identifier in (each.get("id"), each.get("crn"), each["name"]):
                return each
        names = ", ".join(each["name"] for each in present[:MOST_CANDIDATES]) or "none"
        more = ", ..." if len(present) > MOST_CANDIDATES else ""
        kind = member.removesuffix("s").replace("_", " ")
        raise NotFound(f"There is no {kind} {identifier}. Known by name: {names}{more}.")

    def find_named(self, collection: str, name: str) -> dict[str, Any]:
        """Return an item of a collection whose items have a name and no id. Raises NotFound, which lists the names."""
        present = self.everything(collection)
        for each in present:
            if each["name"] == name:
                return each
        names = ", ".join(each["name"] for each in present[:MOST_CANDIDATES])
        raise NotFound(f"There is no {name}. Known by name: {names}.")

    def trusted_profile(self, identifier: str) -> dict[str, str]:
        """Return a reference to a trusted profile by id, CRN or name."""
        if identifier.startswith("Profile-"):
            return {"id": identifier}
        if identifier.startswith("crn:"):
            return {"crn": identifier}
        query = {"account_id": self.account_id, "name": identifier}
        matches = self._iam_profiles(query)
        if not matches:
            names = ", ".join(each["name"] for each in self._iam_profiles({"account_id": self.account_id})) or "none"
            raise NotFound(f"There is no trusted profile {identifier}. Known by name: {names}.")
        return {"id": str(matches[0]["id"])}

    def _iam_profiles(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        profiles: list[dict[str, Any]] = self.call("GET", "/v1/profiles", query=query)["profiles"]
        return profiles


def _object(text: bytes) -> dict[str, Any]:
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
