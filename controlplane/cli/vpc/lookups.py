"""References to things that an option names by name, id or CRN."""

from collections.abc import Sequence
from typing import Any

from controlplane.cli.client import Client, NotFound

SERVERS = "bare_metal_servers"
Reference = dict[str, str]


def server(client: Client, wanted: str) -> dict[str, Any]:
    """Raises NotFound, as all of these do."""
    return client.find(SERVERS, wanted, by_name=True)


def server_path(client: Client, wanted: str, *parts: str) -> str:
    """``bare_metal_servers/{id}/...``: a collection or an item of a server."""
    return "/".join((SERVERS, server(client, wanted)["id"], *parts))


def interface_path(client: Client, options: Any, *parts: str) -> str:
    """The same of the network interface that the options name."""
    interfaces = server_path(client, options["server"], "network_interfaces")
    return "/".join((interfaces, client.find(interfaces, options["nic"])["id"], *parts))


def subnet(client: Client, wanted: str, vpc: str | None = None) -> dict[str, Any]:
    """A subnet; ``vpc`` tells which, if several have the name."""
    if not vpc:
        return client.find("subnets", wanted)
    return in_vpc(client, "subnets", wanted, vpc)


def in_vpc(client: Client, collection: str, wanted: str, vpc: str) -> dict[str, Any]:
    """One of a collection whose items belong to VPCs."""
    vpc_id = client.find("vpcs", vpc)["id"]
    found = [each for each in client.everything(collection) if each["vpc"]["id"] == vpc_id]
    return _one_of(found, wanted, f"{collection.removesuffix('s').replace('_', ' ')} {wanted} in {vpc}")


def security_groups(client: Client, wanted: Sequence[str], vpc: str | None = None) -> list[Reference]:
    query = {"vpc.id": client.find("vpcs", vpc)["id"]} if vpc else {}
    present = client.everything("security_groups", query=query)
    return [{"id": _one_of(present, each, f"security group {each}")["id"]} for each in wanted]


def reserved_ip(client: Client, wanted: str, subnet_id: str | None) -> Reference:
    """A reserved IP by id, or by name when its subnet is known."""
    if subnet_id is None:
        return {"id": wanted}
    return {"id": client.find(f"subnets/{subnet_id}/reserved_ips", wanted)["id"]}


def resource_group(client: Client, options: Any) -> str | None:
    """Its id, by ``--resource-group-id`` or ``--resource-group-name``; None without both."""
    wanted: str | None = options["resource_group_name"]
    if wanted is None:
        group_id: str | None = options["resource_group_id"]
        return group_id
    query = {"account_id": client.account_id}
    present = client.call("GET", "/v2/resource_groups", query=query)["resources"]
    return str(_one_of(present, wanted, f"resource group {wanted}")["id"])


def _one_of(present: Sequence[dict[str, Any]], wanted: str, called: str) -> dict[str, Any]:
    for each in present:
        if wanted in (each["id"], each.get("crn"), each["name"]):
            return each
    known = ", ".join(each["name"] for each in present) or "none"
    raise NotFound(f"There is no {called}. Known by name: {known}.")
