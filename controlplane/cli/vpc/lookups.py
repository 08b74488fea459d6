"""Look up resources by the name, id or CRN in an option. All functions raise NotFound."""

from collections.abc import Sequence
from typing import Any

from controlplane.cli.client import Client, NotFound

SERVERS = "bare_metal_servers"
Reference = dict[str, str]


def server(client: Client, identifier: str) -> dict[str, Any]:
    """Return a bare metal server."""
    return client.find(SERVERS, identifier, by_name=True)


def server_path(client: Client, identifier: str, *parts: str) -> str:
    """Return ``bare_metal_servers/{id}/...``, the path of a collection or an item of a server."""
    return "/".join((SERVERS, server(client, identifier)["id"], *parts))


def interface_path(client: Client, options: Any, *parts: str) -> str:
    """Return the path of a collection or an item of the network interface in the options."""
    interfaces = server_path(client, options["server"], "network_interfaces")
    return "/".join((interfaces, client.find(interfaces, options["nic"])["id"], *parts))


def subnet(client: Client, identifier: str, vpc: str | None = None) -> dict[str, Any]:
    """Return a subnet; ``vpc`` selects one if several have the name."""
    if not vpc:
        return client.find("subnets", identifier)
    return in_vpc(client, "subnets", identifier, vpc)


def in_vpc(client: Client, collection: str, identifier: str, vpc: str) -> dict[str, Any]:
    """Return an item of a collection whose items belong to VPCs."""
    vpc_id = client.find("vpcs", vpc)["id"]
    items = [each for each in client.everything(collection) if each["vpc"]["id"] == vpc_id]
    return _one_of(items, identifier, f"{collection.removesuffix('s').replace('_', ' ')} {identifier} in {vpc}")


def security_groups(client: Client, identifiers: Sequence[str], vpc: str | None = None) -> list[Reference]:
    query = {"vpc.id": client.find("vpcs", vpc)["id"]} if vpc else {}
    present = client.everything("security_groups", query=query)
    return [{"id": _one_of(present, each, f"security group {each}")["id"]} for each in identifiers]


def reserved_ip(client: Client, identifier: str, subnet_id: str | None) -> Reference:
    """Return a reference to a reserved IP by id, or by name when its subnet is known."""
    if subnet_id is None:
        return {"id": identifier}
    return {"id": client.find(f"subnets/{subnet_id}/reserved_ips", identifier)["id"]}


def resource_group(client: Client, options: Any) -> str | None:
    """Return the id of the resource group in the options ``--resource-group-id`` and ``-name``; None without both."""
    name: str | None = options["resource_group_name"]
    if name is None:
        group_id: str | None = options["resource_group_id"]
        return group_id
    query = {"account_id": client.account_id}
    present = client.call("GET", "/v2/resource_groups", query=query)["resources"]
    return str(_one_of(present, name, f"resource group {name}")["id"])


def _one_of(present: Sequence[dict[str, Any]], identifier: str, description: str) -> dict[str, Any]:
    for each in present:
        if identifier in (each["id"], each.get("crn"), each["name"]):
            return each
    names = ", ".join(each["name"] for each in present) or "none"
    raise NotFound(f"There is no {description}. Known by name: {names}.")
