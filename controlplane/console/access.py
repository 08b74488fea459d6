"""The signed-in person, the account and region that they see, and what they may do there.

The console makes no access decisions. It calls the functions that the REST API calls, with the same actions and the
same resource attributes, so a person may do here exactly what their API key may do there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

from django.http import HttpRequest

from controlplane.activity.record import Party, record
from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import ApiError, NotAuthorized
from controlplane.kernel.form_snapshot import ShownChanged
from controlplane.kernel.verdict import Verdict
from servers.catalog import regions
from servers.models import BareMetalServer
from servers.regions import region_of_host
from trustedprofiles.actions import service_of
from trustedprofiles.models import Account, User
from trustedprofiles.policy_columns import Columns
from trustedprofiles.selectors import Rights
from trustedprofiles.visibility import Visible

SERVER = "is.bare-metal-server.bare-metal-server"
ADMINISTER = "is.bare-metal-server.account-settings.administer"
PROFILE = "iam-identity.profile"
CLOCK = "baremint.clock.administer"
ROTATE = "baremint.key.rotate"
INITIALIZATION = "is.bare-metal-server.initialization"
CERTIFICATE = "is.bare-metal-server.certificate"
ROTATION = "is.bare-metal-server.certificate-rotation"
POLICY = "iam-access-management.policy"
GROUP = "iam-groups.groups"
KEYS = "baremint.key.list"
EVERY_SERVER = {"bareMetalServerId": "*"}


class Selectable(Protocol):
    """A resource with attributes that policies select by."""

    @property
    def policy_attributes(self) -> dict[str, str]: ...


Server = TypeVar("Server", bound=Selectable)


@dataclass(frozen=True)
class Person:
    """A signed-in user in their account, looking at one region."""

    user: User
    account: Account
    region: str

    @property
    def caller(self) -> Caller:
        return Caller(str(self.user.iam_id), self.account.id, self.user.get_username(), "User")

    @cached_property
    def _rights(self) -> Rights:
        """The rights of the person in this request."""
        return Rights(self.caller, owned=self.account.id if self.owns else None)

    @property
    def owns(self) -> bool:
        """Whether the person owns the account: its owner may do everything in it."""
        return self.account.owner_iam_id == self.user.iam_id

    @property
    def by(self) -> Party:
        """The person as events name them."""
        return Party.of(self.caller)

    def may_each(self, action: str, resources: Sequence[Mapping[str, str]]) -> list[Verdict]:
        """One verdict for each resource, in a constant number of queries."""
        service = service_of(action)
        common = {"accountId": self.account.id, "serviceName": service}
        place = {"region": self.region} if service == "is" else {}
        return self._rights.decide(action, [{**common, **place, **each} for each in resources])

    def may(self, action: str, attributes: Mapping[str, str] | None = None) -> Verdict:
        return self.may_each(action, [attributes or {}])[0]

    def may_everywhere(self, action: str, attributes: Mapping[str, str] | None = None) -> bool:
        """Whether the person may do this in every region, for pages that show all regions."""
        return all(self.may_each(action, [{**(attributes or {}), "region": region} for region in regions()]))

    def visible(self, action: str, columns: Columns) -> Visible:
        """The account's rows that the person may list, in the current region for regional resources. Policies select
        the rows by ``columns``."""
        service = service_of(action)
        place = {"region": self.region} if service == "is" else {}
        resource = {"accountId": self.account.id, "serviceName": service, **place}
        return self._rights.visible(action, resource, columns)

    def require_list(self, action: str, columns: Columns) -> Visible:
        """The same. Raises NotAuthorized for a person without a policy on the service, as the REST API does."""
        visible = self.visible(action, columns)
        if not visible.verdict:
            raise NotAuthorized(visible.verdict.because, more_info=visible.verdict.explanation)
        return visible

    def require(self, action: str, attributes: Mapping[str, str] | None = None) -> None:
        """Check one action. Raises NotAuthorized, which says what would have allowed it."""
        if not (verdict := self.may(action, attributes)):
            raise NotAuthorized(verdict.because, more_info=verdict.explanation)

    @cached_property
    def sees_activity(self) -> bool:
        """Whether the person may see activity. It is about servers of every region and profiles, so they must be
        allowed to list all of those."""
        return self.may_everywhere(f"{SERVER}.list", EVERY_SERVER) and bool(self.may(f"{PROFILE}.list"))

    def require_activity(self) -> None:
        for region in (self.region, *regions()):
            self.require(f"{SERVER}.list", {**EVERY_SERVER, "region": region})
        self.require(f"{PROFILE}.list")

    def readable(self, servers: Sequence[Server]) -> list[Server]:
        """Those of the account's servers, of any region, that the person may read. Needs the VPCs to be fetched."""
        if self.owns:
            return list(servers)
        verdicts = self.may_each(f"{SERVER}.read", [server.policy_attributes for server in servers])
        return [server for server, verdict in zip(servers, verdicts, strict=True) if verdict]

    @contextmanager
    def recording(self, event: str, target: Party) -> Iterator[None]:
        """Record a refusal inside the block as the event that the REST API would record."""
        try:
            yield
        except ShownChanged:
            raise  # the REST API has no forms
        except ApiError as error:
            record(event, initiator=self.by, target=target, account_id=self.account.id, error=error)
            raise


def person_of(request: HttpRequest) -> Person | None:
    """The signed-in person; None for one without an account or an IAM id, who may do nothing here."""
    user: Any = request.user
    if user.account is None or not user.iam_id:
        return None
    return Person(user, user.account, region_of_host(request.get_host()))


def server_party(server: BareMetalServer) -> Party:
    return Party(server.crn, server.name, "BareMetalServer")


def role_name(person: Person) -> str:
    """The name of the person's role for the header; decisions are made action by action."""
    if person.owns:
        return "Owner"
    for action, name in ((ADMINISTER, "Owner"), (f"{SERVER}.update", "Operator"), (f"{SERVER}.list", "Viewer")):
        if person.may(action, EVERY_SERVER if action != ADMINISTER else None):
            return name
    some = person.visible(f"{SERVER}.list", BareMetalServer.policy_columns())
    return "Limited access" if some.verdict else "No access"
