"""What an IAM-enabled service declares about itself: its actions and roles, and the instances that it offers.

Standard library only, because IAM's rules and commands that load no Django read the declarations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LeastRole = Literal["Reader", "Writer", "Manager"]


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


@dataclass(frozen=True, kw_only=True)
class CloudService:
    """An IAM-enabled service. Its package is an installed app with a module ``service``, whose ``SERVICE`` this is."""

    name: str
    """Its name in IAM and in CRNs: ``cloud-object-storage``."""
    title: str
    """Its name in IBM's catalog: ``Cloud Object Storage``."""
    offering: Offering
    actions: Mapping[str, LeastRole | None] = field(default_factory=dict)
    """The actions of its operations, with the smallest of Reader, Writer and Manager that grants each; None for an
    action that only the roles which list it grant."""
    roles: tuple[ServiceRole, ...] = ()
    instance_rules: str = ""
    """The module with the service's part in the life of its instances (controlplane/cloudservice/instance_rules.py).
    Empty when nothing in an instance keeps it from being deleted."""
    default_instance: bool = False
    """Whether a request that names no instance is about the account's default one."""
