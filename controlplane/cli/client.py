"""Calling the REST APIs with an API key, and finding things by name."""

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
    """The service did not answer, or not as expected."""


class WrongOption(Exception):
    """What was asked for cannot be done with the options given."""


class Refused(Exception):
    """The service refused: what it says, for a person."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        lines = [_line(error) for error in body.get("errors", ())] or [
            str(body.get("errorMessage", "Refused.")),
            *([str(body["errorDetails"])] if "errorDetails" in body else []),
        ]
        trace = body.get("trace") or body.get("context", {}).get("requestId", "")
        super().__init__("\n".join([*lines, f"Status {status}, trace {trace}."]))
        self.status = status


class NotFound(Exception):
    """Nothing has that name or id."""


def _line(error: Mapping[str, Any]) -> str:
    target = error.get("target", {}).get("name")
    at = f" ({target})" if target else ""
    return f"{error.get('code', '')}{at}: {error.get('message', '')}"


@dataclass
class Client:
    url: str
    """Of the control plane, without ``/v1``."""
    api_key: str
    ca_bundle: str = ""
    region: str = ""
    """Empty for the deployment's own."""
    seconds: float = SECONDS
    """To wait for an answer."""
    direct: bool = False
    """Past any proxy that the environment names."""
    _token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Raises CannotCall."""
        if not is_url(self.url, WEB):
            raise CannotCall(f"{self.url} is no http or https URL.")

    def call(
        self, method: str, path: str, body: Any = None, *, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """One call of the VPC API (``/v1/...``) or another one. The answer, empty when there is none.

        Raises Refused, CannotCall.
        """
        asked = {**(VERSION if path.startswith("/v1/") else {}), **(query or {})}
        address = f"{self.url.rstrip('/')}{path}?{urllib.parse.urlencode(asked)}"
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
        """The account of the API key, as the token says."""
        payload = self.token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["account"]["bss"])

    def _send(self, request: urllib.request.Request) -> dict[str, Any]:
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})] if self.direct else []
        if request.type == "https":  # for plain HTTP nobody has to read all authorities of the machine
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
        """All of a collection of the VPC API, or at another path (``/...``), page after page; ``member`` is its name in
        the answer."""
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

    def find(self, collection: str, wanted: str, *, by_name: bool = False) -> dict[str, Any]:
        """One of a collection by id, CRN or name; ``by_name`` when the API can filter by name.

        Raises NotFound naming what there is.
        """
        member = collection.rpartition("/")[2]
        if by_name and (found := self.everything(collection, query={"name": wanted})):
            return found[0]
        present = self.everything(collection)
        for each in present:
            if wanted in (each.get("id"), each.get("crn"), each["name"]):
                return each
        names = ", ".join(each["name"] for each in present[:MOST_CANDIDATES]) or "none"
        more = ", ..." if len(present) > MOST_CANDIDATES else ""
        kind = member.removesuffix("s").replace("_", " ")
        raise NotFound(f"There is no {kind} {wanted}. Known by name: {names}{more}.")

    def find_named(self, collection: str, wanted: str) -> dict[str, Any]:
        """One of a collection whose items have a name and no id. Raises NotFound naming what there is."""
        present = self.everything(collection)
        for each in present:
            if each["name"] == wanted:
                return each
        known = ", ".join(each["name"] for each in present[:MOST_CANDIDATES])
        raise NotFound(f"There is no {wanted}. Known by name: {known}.")

    def trusted_profile(self, wanted: str) -> dict[str, str]:
        """A reference to a trusted profile by id, CRN or name."""
        if wanted.startswith("Profile-"):
            return {"id": wanted}
        if wanted.startswith("crn:"):
            return {"crn": wanted}
        query = {"account_id": self.account_id, "name": wanted}
        found = self._iam_profiles(query)
        if not found:
            known = ", ".join(each["name"] for each in self._iam_profiles({"account_id": self.account_id})) or "none"
            raise NotFound(f"There is no trusted profile {wanted}. Known by name: {known}.")
        return {"id": str(found[0]["id"])}

    def _iam_profiles(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        profiles: list[dict[str, Any]] = self.call("GET", "/v1/profiles", query=query)["profiles"]
        return profiles


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
