"""What an IAM-enabled service declares about itself: its actions and roles, and the instances that it offers.

Standard library only, because IAM's rules and commands that load no Django read the declarations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LeastRole = Literal["Reader", "Writer", "Manager"]
LADDER: tuple[LeastRole, ...] = ("Reader", "Writer", "Manager")
"""Each grants what those before it grant."""


@dataclass(frozen=True)
class ServiceRole:
    """A role that the service defines beside Reader, Writer and Manager."""

    id: str
    """The end of its CRN: ``ContentReader``."""
    name: str
    description: str
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    id: str
    name: str


@dataclass(frozen=True)
class Offering:
    """The entry of the service in the global catalog. Its ids are IBM's."""

    id: str
    plans: tuple[Plan, ...]
    """The first is the one of the demo world."""
    is_global: bool = False
    """Whether its instances are in the location ``global``, not in a region."""


@dataclass(frozen=True)
class Api:
    """Where the API of a service is, at the origin of the control plane."""

    urls: str
    """The module with its ``urlpatterns``."""
    prefix: str
    """What its paths begin with: ``cos``, ``sample/``."""
    path: str = ""
    """The path of the endpoint that clients are configured with: ``/cos``."""


@dataclass(frozen=True, kw_only=True)
class CloudService:
    """An IAM-enabled service. Its package is an installed app with a module ``service``, whose ``SERVICE`` this is."""

    name: str
    """Its name in IAM and in CRNs: ``cloud-object-storage``."""
    title: str
    """Its name in IBM's catalog: ``Cloud Object Storage``."""
    description: str = ""
    """One sentence for the API documentation: what its API is for."""
    offering: Offering
    actions: Mapping[str, LeastRole | None] = field(default_factory=dict)
    """Its actions in the order of IBM's lists, with the smallest of Reader, Writer and Manager that grants each; None
    for an action that only the roles which list it grant."""
    unserved: frozenset[str] = frozenset()
    """Those of its actions that no operation here asks for: roles list them, and they grant nothing."""
    published: Mapping[str, str] = field(default_factory=dict)
    """The verbs of every action that IBM publishes, by kind of resource. Custom roles may list them too."""
    roles: tuple[ServiceRole, ...] = ()
    instance_rules: str = ""
    """The module with the service's part in the life of its instances (controlplane/cloudservice/instance_rules.py).
    Empty when nothing in an instance keeps it from being deleted."""
    default_instance: bool = False
    """Whether a request that names no instance is about the account's default one."""
    instance_header: str = ""
    """The header of a request that names its instance, by GUID or CRN. Empty: ServiceView looks for none."""
    events_action: str = ""
    """The action that lets a person see the events of the service, ``<name>.*``. Empty: every person may who sees
    activity."""
    api: Api | None = None
    """None for a service that is not served yet: its clients are told so by name."""
    hosts: tuple[str, ...] = ()
    """IBM's hosts of it, which reach the control plane in the lab: ``{region}.kms.cloud.ibm.com``."""
    terraform: tuple[str, ...] = ()
    """The environment variables by which IBM's Terraform provider finds its endpoint."""
    sdks: tuple[str, ...] = ()
    """Its names in the configuration of IBM's SDKs (``<NAME>_URL``)."""
    writes: str = ""
    """The module through which the VPC API writes into it, in the same process. Empty: it has none."""

    def grants(self, role_name: str, action: str) -> bool:
        """Return whether Reader, Writer or Manager grants the action of an operation."""
        return action not in self.unserved and self._has_role(role_name, action)

    def _has_role(self, role_name: str, action: str) -> bool:
        least = self.actions.get(action)
        return least is not None and role_name in LADDER and LADDER.index(role_name) >= LADDER.index(least)

    @property
    def served_actions(self) -> tuple[str, ...]:
        """Return the actions of its operations."""
        return tuple(action for action in self.actions if action not in self.unserved)

    def listed_actions(self, role_name: str) -> tuple[str, ...]:
        """Return the actions without an operation that Reader, Writer or Manager lists."""
        return tuple(each for each in self.actions if each in self.unserved and self._has_role(role_name, each))

    def published_actions(self) -> tuple[str, ...]:
        """Return the actions that custom roles may list beside those of operations."""
        published = tuple(
            f"{self.name}.{kind}.{verb}" for kind, verbs in self.published.items() for verb in verbs.split()
        )
        return (*self.unserved, *published)
