"""Shapes of many responses: references from one resource to another, and the page of a collection.

A response is a TypedDict with the name from IBM's API reference. The function that renders it returns it, so that the
type checker compares the code with it; the OpenAPI document is generated from it.
"""

from typing import Any, Literal, NotRequired, TypedDict


class Link(TypedDict):
    href: str


class Address(TypedDict):
    address: str


class NamedReference(TypedDict):
    """A reference to a resource that is identified by its name, such as a zone or a profile."""

    href: str
    name: str


class IdentifiedReference(NamedReference):
    """The properties of every reference to a resource with an id."""

    id: str


class BareMetalServerProfileReference(NamedReference):
    resource_type: Literal["bare_metal_server_profile"]


class ResourceGroupReference(IdentifiedReference):
    pass


class Reference(IdentifiedReference):
    """Network ACLs, security groups."""

    crn: str


class Grouped(TypedDict):
    """The common properties of all resources that belong to a resource group."""

    created_at: str
    resource_group: ResourceGroupReference


class KeyReference(Reference):
    fingerprint: str


class VPCReference(Reference):
    resource_type: Literal["vpc"]


class InVpc(Grouped):
    vpc: VPCReference


class SubnetReference(Reference):
    resource_type: Literal["subnet"]


class AccountReference(TypedDict):
    id: str
    resource_type: Literal["account"]


class ImageRemote(TypedDict):
    account: AccountReference


class ImageReference(Reference):
    resource_type: Literal["image"]


class RoutingTableReference(Reference):
    resource_type: Literal["routing_table"]


class ReservationReference(Reference):
    resource_type: Literal["reservation"]


class PublicGatewayReference(Reference):
    resource_type: Literal["public_gateway"]


class VirtualNetworkInterfaceReference(Reference):
    resource_type: Literal["virtual_network_interface"]


class ReservedIPReference(IdentifiedReference):
    address: str
    resource_type: Literal["subnet_reserved_ip"]


class DiskReference(IdentifiedReference):
    resource_type: Literal["bare_metal_server_disk"]


class DiskAllowedUse(TypedDict):
    api_version: str
    bare_metal_server: str


class PrimaryAddress(TypedDict):
    """``primary_ip``; in versions before 2022-03-29 ``primary_ipv4_address`` instead."""

    primary_ip: NotRequired[ReservedIPReference]
    primary_ipv4_address: NotRequired[str]


class NetworkInterfaceReference(IdentifiedReference, PrimaryAddress):
    resource_type: Literal["network_interface"]
    subnet: SubnetReference


class FloatingIPReference(Reference):
    address: str


class Reason(TypedDict):
    code: str
    message: str
    more_info: NotRequired[str]


class Deleted(TypedDict):
    """Marks a reference to a resource that no longer exists."""

    more_info: str


DELETED: Deleted = {"more_info": "https://cloud.ibm.com/apidocs/vpc#deleted-resources"}


def collection(name: str, items: str, item: Any) -> Any:
    """Return the shape of a page: ``{items: [item], first, limit, total_count, next?}``."""
    return TypedDict(  # type: ignore[operator]
        name, {items: list[item], "first": Link, "limit": int, "total_count": int, "next": NotRequired[Link]}
    )
