"""Collections of the VPC API that are not simulated: each is empty, has no item, and accepts none.

Paths, names and shapes are those of IBM's SDK (ibm-vpc 0.36.0). What is below an item has no path of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel.errors import NotFound, NotSupported
from controlplane.kernel.operation import Operation
from servers.api.catalog import CatalogView
from servers.api.shared_responses import Link, collection
from trustedprofiles.permissions import Nothing

SIMULATED = (
    "Baremint simulates bare metal servers, reservations, VPCs, subnets, routing tables, public gateways, "
    "security groups, network ACLs, floating IPs, virtual network interfaces, keys and images."
)

ABBREVIATIONS = {"ike": "IKE", "ipsec": "IPsec", "vpn": "VPN"}


@dataclass(frozen=True)
class Kind:
    path: str
    """The path of the collection, below ``/v1``."""
    one: str
    """The name of an item in operations: ``instance_template``."""
    shape: str
    """IBM's name of an item: ``InstanceTemplate``."""
    family: str = ""
    """The name of an item in actions, if it differs from ``one``."""
    read_only: bool = False
    """Whether only the provider creates items, which are then identified by name."""

    @property
    def action(self) -> str:
        """The beginning of the actions: ``is.instance-template.instance-template``, ``is.share.share-profile``."""
        family = self.family or self.one.replace("_", "-")
        return f"is.{family.removesuffix('-profile') if self.read_only else family}.{family}"

    @property
    def many(self) -> str:
        return self.path.replace("/", "_")

    @property
    def items(self) -> str:
        """The name of the property with the items: ``templates`` for ``instance/templates``."""
        return self.path.rpartition("/")[2]

    @property
    def words(self) -> str:
        return " ".join(ABBREVIATIONS.get(word, word) for word in self.one.split("_"))

    def of_collection(self) -> dict[str, Operation]:
        empty = collection(f"{self.shape}Collection", self.items, Link)
        operations = {"GET": self._operation("list", paged=True, answer=empty, status=200)}
        if not self.read_only:
            operations["POST"] = self._operation("create", status=400)
        return operations

    def of_item(self) -> dict[str, Operation]:
        verbs = {"GET": "read"} if self.read_only else {"GET": "read", "PATCH": "update", "DELETE": "delete"}
        return {method: self._operation(verb, status=404) for method, verb in verbs.items()}

    def _operation(self, verb: str, *, status: int, answer: Any = None, paged: bool = False) -> Operation:
        name = f"list_{self.many}" if verb == "list" else f"{'get' if verb == 'read' else verb}_{self.one}"
        event = f"{self.action}.{'read' if verb == 'list' else verb}"
        return Operation(
            name,
            f"{self.action}.{verb}",
            event,
            status=status,
            answer=answer,
            lists=Nothing if verb == "list" else None,
            paged=paged,
            conflicts=False,
            simulated=False,
        )


KINDS = (
    Kind("backup_policies", "backup_policy", "BackupPolicy"),
    Kind("cluster_network/profiles", "cluster_network_profile", "ClusterNetworkProfile", read_only=True),
    Kind("cluster_networks", "cluster_network", "ClusterNetwork"),
    Kind("dedicated_host/groups", "dedicated_host_group", "DedicatedHostGroup"),
    Kind("dedicated_host/profiles", "dedicated_host_profile", "DedicatedHostProfile", read_only=True),
    Kind("dedicated_hosts", "dedicated_host", "DedicatedHost"),
    Kind("endpoint_gateways", "endpoint_gateway", "EndpointGateway"),
    Kind("flow_log_collectors", "flow_log_collector", "FlowLogCollector"),
    Kind("ike_policies", "ike_policy", "IKEPolicy"),
    Kind("instance/profiles", "instance_profile", "InstanceProfile", read_only=True),
    Kind("instance/templates", "instance_template", "InstanceTemplate"),
    Kind("instance_groups", "instance_group", "InstanceGroup"),
    Kind("instances", "instance", "Instance"),
    Kind("ipsec_policies", "ipsec_policy", "IPsecPolicy"),
    Kind("load_balancer/profiles", "load_balancer_profile", "LoadBalancerProfile", read_only=True),
    Kind("load_balancers", "load_balancer", "LoadBalancer"),
    Kind("placement_groups", "placement_group", "PlacementGroup"),
    Kind("private_path_service_gateways", "private_path_service_gateway", "PrivatePathServiceGateway"),
    Kind("public_address_ranges", "public_address_range", "PublicAddressRange"),
    Kind("share/profiles", "share_profile", "ShareProfile", read_only=True),
    Kind("shares", "share", "Share"),
    Kind("snapshot_consistency_groups", "snapshot_consistency_group", "SnapshotConsistencyGroup"),
    Kind("snapshots", "snapshot", "Snapshot"),
    Kind("volume/profiles", "volume_profile", "VolumeProfile", read_only=True),
    Kind("volumes", "volume", "Volume"),
    Kind("vpn_gateways", "vpn_gateway", "VPNGateway", "vpn"),
    Kind("vpn_servers", "vpn_server", "VPNServer"),
)


class EmptyCatalog(CatalogView):
    """A collection whose items only the provider creates."""

    kind: Kind = KINDS[0]

    def get(self, request: Request) -> Response:
        return self.pages(self.kind.items, [], dict)


class EmptyCollection(EmptyCatalog):
    def post(self, request: Request) -> NoReturn:
        raise NotSupported(f"A new {self.kind.words} cannot be made: it is not simulated. {SIMULATED}")


class MissingEntry(CatalogView):
    kind: Kind = KINDS[0]

    def get(self, request: Request, id: str) -> NoReturn:
        raise NotFound(f"{self.kind.words[:1].upper()}{self.kind.words[1:]} not found: none is simulated. {SIMULATED}")


class MissingItem(MissingEntry):
    patch = delete = MissingEntry.get


def urls() -> Iterator[URLPattern]:
    """Return the routes of all kinds, below ``/v1``."""
    for kind in KINDS:
        of_all, of_one = (EmptyCatalog, MissingEntry) if kind.read_only else (EmptyCollection, MissingItem)
        yield path(kind.path, of_all.as_view(kind=kind, operations=kind.of_collection()))
        yield path(f"{kind.path}/<str:id>", of_one.as_view(kind=kind, operations=kind.of_item()))
