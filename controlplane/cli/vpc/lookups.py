"""Look up resources by the name, id or CRN in an option. All functions raise NotFound."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane.cli.client import Client, NotFound
from controlplane.cli.vpc.command import Options

Reference = dict[str, str]


@dataclass(frozen=True)
class Items:
    """The items of a collection, one or some of which a command names in an argument."""

    collection: Callable[[Client, Options], str]
    """Returns the path of the collection, without ``/v1/``."""
    argument: str
    """The argument with the name, id or CRN of an item. The argument for several items has an ``s`` at its end."""
    by_name: bool = False
    """Whether the API can filter the collection by name."""

    def everything(self, client: Client, options: Options) -> list[dict[str, Any]]:
        return client.everything(self.collection(client, options))

    def find(self, client: Client, options: Options) -> dict[str, Any]:
        """Return the item as the collection has it."""
        return client.find(self.collection(client, options), options[self.argument], by_name=self.by_name)

    def path(self, client: Client, options: Options, *parts: str) -> str:
        """Return the path of the item, or of what is below it."""
        collection = self.collection(client, options)
        item = client.find(collection, options[self.argument], by_name=self.by_name)
        return "/".join((collection, item["id"], *parts))

    def show(self, client: Client, options: Options) -> dict[str, Any]:
        return client.call("GET", f"/v1/{self.path(client, options)}")

    def delete(self, client: Client, options: Options) -> None:
        """Delete several items, or none when there is no item of one of the names."""
        for path in [self.path(client, {**options, self.argument: each}) for each in options[f"{self.argument}s"]]:
            client.call("DELETE", f"/v1/{path}")

    def items(self, name: str, argument: str) -> "Items":
        """The items of the collection ``name`` of each item."""
        return Items(lambda client, options: self.path(client, options, name), argument)


BARE_METAL_SERVERS = "bare_metal_servers"
SERVERS = Items(lambda client, options: BARE_METAL_SERVERS, "server", by_name=True)
ATTACHMENTS = SERVERS.items("network_attachments", "nac")
INTERFACES = SERVERS.items("network_interfaces", "nic")


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


def security_groups(client: Client, identifiers: Sequence[str] | None, vpc: str | None = None) -> list[Reference]:
    if not identifiers:
        return []
    query = {"vpc.id": client.find("vpcs", vpc)["id"]} if vpc else {}
    present = client.everything("security_groups", query=query)
    return [{"id": _one_of(present, each, f"security group {each}")["id"]} for each in identifiers]


def reserved_ip(client: Client, identifier: str, subnet_id: str | None) -> Reference:
    """Return a reference to a reserved IP by id, or by name when its subnet is known."""
    if subnet_id is None:
        return {"id": identifier}
    return {"id": client.find(f"subnets/{subnet_id}/reserved_ips", identifier)["id"]}


def resource_group(client: Client, options: Options) -> str | None:
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
