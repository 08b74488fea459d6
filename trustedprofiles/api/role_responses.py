"""What is answered about roles, under the names of IBM's own models."""

from typing import TypedDict


class Role(TypedDict):
    display_name: str
    description: str
    actions: list[str]
    crn: str


class CustomRole(Role):
    id: str
    name: str
    account_id: str
    service_name: str
    created_at: str
    created_by_id: str
    last_modified_at: str
    last_modified_by_id: str
    href: str


class RoleCollection(TypedDict):
    custom_roles: list[CustomRole]
    service_roles: list[Role]
    system_roles: list[Role]
