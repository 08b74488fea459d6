"""Read the data of commands from the running Baremint over REST, with the operator's API key."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from controlplane.cli.client import CannotCall, Client, Refused
from controlplane.deployment import credentials, process_lock
from controlplane.deployment.credentials import Credentials
from controlplane.deployment.location import Location
from controlplane.operations.commands.command import CommandFailed
from controlplane.operations.info import EmptyDataDirectory

SECONDS = 10.0
NONSENSE = (LookupError, TypeError, AttributeError, ValueError)
"""Errors from the unexpected responses of another program on this port."""
LARGEST_PAGE = "100"
SERVERS = "/_baremint/bare_metal_servers"
INSTANCES = "/v2/resource_instances"
KEYS = "/_baremint/keys"
RENEWALS = "/_baremint/certificate_renewals"

T = TypeVar("T")


class SourceUnavailable(Exception):
    """No Baremint runs here, or it does not accept the operator's API key. The database must be read instead."""


class RestSource:
    """A Source that calls the running Baremint.

    All methods raise SourceUnavailable, or CommandFailed when no database can be read instead.
    """

    runs = True

    def __init__(self, location: Location) -> None:
        self._location = location

    def credentials(self) -> Credentials:
        try:
            account_credentials = credentials.read(self._location.home)
            runs = process_lock.holder(self._location.home) is not None
        except OSError as error:
            raise SourceUnavailable from error
        if account_credentials is None and runs:
            raise CommandFailed(f"Baremint is starting in {self._location.home.path}. Try again in a moment.")
        if account_credentials is None and self._location.is_empty:
            raise CommandFailed(str(EmptyDataDirectory(self._location.home)))
        # Services that were started one by one hold no lock. With a shared database they may run on another machine.
        if account_credentials is None or not (runs or not self._location.embedded_database):
            raise SourceUnavailable
        return account_credentials

    def servers(self, account_id: str, *, named: str = "") -> list[dict[str, Any]]:
        if named and (matches := self._list({"name": named})):
            return matches
        return self._list({})

    def instances(self, account_id: str) -> list[dict[str, Any]]:
        return self._ask(_instances)

    def keys(self) -> list[dict[str, Any]]:
        return self._ask(lambda client: list(client.call("GET", KEYS)["keys"]))

    def renewals(self) -> dict[str, Any]:
        return self._ask(lambda client: client.call("GET", RENEWALS))

    def _list(self, query: dict[str, str]) -> list[dict[str, Any]]:
        newest_first = self._ask(lambda client: client.everything(SERVERS, query={"limit": LARGEST_PAGE, **query}))
        return newest_first[::-1]

    def _ask(self, question: Callable[[Client], T]) -> T:
        try:
            return question(self._client)
        except (CannotCall, Refused, *NONSENSE) as error:
            raise SourceUnavailable from error

    @cached_property
    def _client(self) -> Client:
        return Client(self._location.control_plane_url, self.credentials().api_key, seconds=SECONDS, direct=True)


def _instances(client: Client) -> list[dict[str, Any]]:
    """Return all pages of the account's active service instances, the oldest first."""
    newest_first: list[dict[str, Any]] = []
    query = {"limit": LARGEST_PAGE}
    while True:
        page = client.call("GET", INSTANCES, query=query)
        newest_first += page["resources"]
        if page["next_url"] is None:
            return newest_first[::-1]
        query = dict(parse_qsl(urlsplit(page["next_url"]).query))
