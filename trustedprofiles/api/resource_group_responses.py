"""Response bodies about resource groups, under the names of IBM's own models."""

from typing import Any, Literal, TypedDict


class ResourceGroup(TypedDict):
    id: str
    crn: str
    account_id: str
    name: str
    state: Literal["ACTIVE"]
    default: bool
    quota_id: str
    quota_url: str
    payment_methods_url: None
    teams_url: None
    created_at: str
    updated_at: str
    resource_linkages: list[Any]


class ResCreateResourceGroup(TypedDict):
    id: str
    crn: str


class ResourceGroupList(TypedDict):
    resources: list[ResourceGroup]
