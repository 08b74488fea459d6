"""The Baremint that runs here, asked over REST with the operator's API key."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from controlplane.cli.client import CannotCall, Client, Refused
from controlplane.deployment import credentials, process_lock
from controlplane.deployment.credentials import Credentials
from controlplane.deployment.location import Location
from controlplane.operations.commands.command import CommandFailed
from controlplane.operations.info import NothingHere

SECONDS = 10.0
NONSENSE = (LookupError, TypeError, AttributeError, ValueError)
"""What comes of answers of another program on this port."""
LARGEST_PAGE = "100"
SERVERS = "/_baremint/bare_metal_servers"
KEYS = "/_baremint/keys"
RENEWALS = "/_baremint/certificate_renewals"

T = TypeVar("T")


class Unanswered(Exception):
    """Nothing runs here, or what answers does not know the operator's API key: only the database can tell."""


class Running:
    """A Source. Everything raises Unanswered; CommandFailed where there is no database that could be asked instead."""

    runs = True

    def __init__(self, location: Location) -> None:
        self._location = location

    def credentials(self) -> Credentials:
        try:
            known = credentials.read(self._location.home)
            runs = process_lock.holder(self._location.home) is not None
        except OSError as error:
            raise Unanswered from error
        if known is None and runs:
            raise CommandFailed(f"Baremint is being started in {self._location.home.path}. Ask again in a moment.")
        if known is None and self._location.is_empty:
            raise CommandFailed(str(NothingHere(self._location.home)))
        # Services that were started one by one hold no lock. Where they share a database they may be anywhere.
        if known is None or not (runs or not self._location.embedded_database):
            raise Unanswered
        return known

    def servers(self, account_id: str, *, named: str = "") -> list[dict[str, Any]]:
        if named and (found := self._listed({"name": named})):
            return found
        return self._listed({})

    def keys(self) -> list[dict[str, Any]]:
        return self._ask(lambda client: list(client.call("GET", KEYS)["keys"]))

    def renewals(self) -> dict[str, Any]:
        return self._ask(lambda client: client.call("GET", RENEWALS))

    def _listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        newest_first = self._ask(lambda client: client.everything(SERVERS, query={"limit": LARGEST_PAGE, **query}))
        return newest_first[::-1]

    def _ask(self, question: Callable[[Client], T]) -> T:
        try:
            return question(self._client)
        except (CannotCall, Refused, *NONSENSE) as error:
            raise Unanswered from error

    @cached_property
    def _client(self) -> Client:
        return Client(self._location.control_plane_url, self.credentials().api_key, seconds=SECONDS, direct=True)
