"""Response bodies about roles, under the names of IBM's own models."""

from typing import TypedDict

from trustedprofiles.api.response_fields import Authored


class Role(TypedDict):
    display_name: str
    description: str
    actions: list[str]
    crn: str


class CustomRole(Role, Authored):
    id: str
    name: str
    account_id: str
    service_name: str
    href: str


class RoleCollection(TypedDict):
    custom_roles: list[CustomRole]
    service_roles: list[Role]
    system_roles: list[Role]
