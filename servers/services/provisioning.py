"""Creating a server: check everything that the request refers to, then make it, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import NotUnique, Target
from servers import catalog, quotas
from servers.events import CREATE, record_server_event
from servers.models import VPC, BareMetalServer, Disk, Subnet
from servers.reserved_capacity import AUTOMATIC
from servers.services import reservation_affinity, transitions
from servers.services.attachments import AttachmentPrototype, attach, check_attachment
from servers.services.initialization import InitializationPrototype, find_initialization, save_initialization
from servers.services.naming import random_name, save_named
from servers.services.network_interfaces import FoundInterface, InterfacePrototype, attach_interface, find_interface
from servers.services.references import References
from servers.services.reservation_affinity import ReservationAffinity, servers_in_quota
from servers.services.row_locks import hold
from servers.services.vlans import TRUNK, no_trunk, serves_another
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.selectors import default_resource_group, resource_group

P = TypeVar("P", InterfacePrototype, AttachmentPrototype)
PRIMARY_INTERFACE, INTERFACES = "primary_network_interface", "network_interfaces"
PRIMARY_ATTACHMENT, ATTACHMENTS = "primary_network_attachment", "network_attachments"


@dataclass(frozen=True)
class ServerPrototype:
    """A server to be. It has ``interfaces`` or ``attachments``, the primary one first."""

    profile: str
    zone: str
    initialization: InitializationPrototype
    interfaces: tuple[InterfacePrototype, ...] = ()
    attachments: tuple[AttachmentPrototype, ...] = ()
    name: str = ""
    bandwidth: int | None = None
    enable_secure_boot: bool = False
    metadata_enabled: bool = False
    metadata_protocol: str = "http"
    reservation_affinity: ReservationAffinity | None = None
    default_reservation_policy: str = AUTOMATIC
    """When ``reservation_affinity`` names none, which depends on the API version."""
    resource_group: str = ""
    tpm_mode: str = ""
    vpc: str = ""


@transaction.atomic
def create_server(
    account: Account, *, prototype: ServerPrototype, region: str = "", at_once: bool = False, by: Party
) -> BareMetalServer:
    """Make a server and start its provisioning; in the configured region if none is named.

    With ``at_once`` it is provisioned, too, before this returns. The worker is not asked for it.

    Raises Refusals naming all that is wrong with the prototype, NotUnique for a name that is taken, OverQuota, or
    Conflict when the asked address is not free. Nothing is made then.
    """
    hold(account)
    found = _Found(account, region or settings.BAREMINT_REGION, prototype)
    if found.placement.used is None:
        taken = servers_in_quota(account.id)
        quotas.require_room("bare_metal_servers", taken=taken, quotas=settings.BAREMINT_QUOTAS)
    found.references.settle()
    server = _save_server(account, prototype, found)
    _save_disks(server)
    save_initialization(server, found.initialization, by=by)
    for position, interface in enumerate(found.interfaces):
        attach_interface(server, interface, is_primary=position == 0)
    for position, (path, attachment) in enumerate(_paths(PRIMARY_ATTACHMENT, ATTACHMENTS, prototype.attachments)):
        attach(server, attachment, path=path, is_primary=position == 0, by=by)
    transitions.begin(server, "create", send=not at_once)
    record_server_event(CREATE, server, by=by, status=201)
    reservation_affinity.attach(server, by=by)
    if at_once:
        transitions.finish(server)
    return server


class _Found:
    """The rows a prototype refers to."""

    def __init__(self, account: Account, region: str, asked: ServerPrototype) -> None:
        self.references = references = References()
        self.region = region
        self.profile = references.find("profile", catalog.profiles().get(asked.profile))
        zones = catalog.regions()[region].zones
        self.zone = references.find("zone", asked.zone if asked.zone in zones else None)
        self.initialization = find_initialization(
            account.id,
            region,
            asked.initialization,
            enable_secure_boot=asked.enable_secure_boot,
            path="initialization",
            references=references,
        )
        self.group: ResourceGroup | None = (
            references.find("resource_group", resource_group(account.id, asked.resource_group))
            if asked.resource_group
            else default_resource_group(account.id)
        )
        self.vpc_asked_for = bool(asked.vpc)
        own = VPC.objects.filter(account=account, region=region)
        self.vpc = references.find("vpc", own.filter(id=asked.vpc).first()) if asked.vpc else None
        self.interfaces: list[FoundInterface] = [
            find_interface(account.id, region, each, path=path, references=references)
            for path, each in _paths(PRIMARY_INTERFACE, INTERFACES, asked.interfaces)
        ]
        self.connections: list[tuple[str, InterfacePrototype | AttachmentPrototype, Subnet | None]] = []
        for interface in self.interfaces:
            self.connections.append((interface.path, interface.asked, interface.subnet))
            if interface.subnet:
                self._place(interface.subnet.vpc, interface.subnet.zone, f"{interface.path}.subnet")
        for path, attachment in _paths(PRIMARY_ATTACHMENT, ATTACHMENTS, asked.attachments):
            subnet = check_attachment(account.id, region, attachment, path=path, references=references)
            self.connections.append((path, attachment, subnet))
            if subnet:
                self._place(subnet.vpc, subnet.zone, path)
        self._check_profile(asked)
        self._check_vlans()
        self.placement = reservation_affinity.place_new(
            BareMetalServer(account=account, region=region, zone=asked.zone, profile=asked.profile),
            asked.reservation_affinity,
            default=asked.default_reservation_policy,
            references=references,
        )
        if asked.name and BareMetalServer.objects.filter(account=account, region=region, name=asked.name).exists():
            references.add([NotUnique(f"Provided Name ({asked.name}) is not unique", target=Target("name"))])

    def _place(self, vpc: VPC, zone: str, path: str) -> None:
        """Where one connection is, all others and the server itself have to be."""
        self.references.require(self.zone in (None, zone), "zone", f"{path} is in zone {zone}.")
        at = "vpc" if self.vpc_asked_for else path
        self.references.require(self.vpc in (None, vpc), at, f"{path} is in another VPC than the rest of the server.")
        self.vpc = self.vpc or vpc

    def _check_profile(self, asked: ServerPrototype) -> None:
        if self.profile is None:
            return
        require = self.references.require
        offered = self.region in self.profile.regions
        self.references.require_usable(offered, "profile", f"Profile {asked.profile} is not offered in {self.region}.")
        if asked.bandwidth is not None:
            choices = ", ".join(map(str, self.profile.bandwidths))
            require(asked.bandwidth in self.profile.bandwidths, "bandwidth", f"bandwidth must be one of {choices}.")
        if asked.tpm_mode:
            modes = ", ".join(self.profile.tpm_modes)
            supported = asked.tpm_mode in self.profile.tpm_modes
            require(supported, "trusted_platform_module.mode", f"The profile supports {modes}.")

    def _check_vlans(self) -> None:
        trunks = [each for _, each, _ in self.connections if each.interface_type == TRUNK]
        allowed = {vlan for each in trunks for vlan in each.allowed_vlans}
        served: dict[int, Subnet] = {}
        for path, each, subnet in self.connections:
            if each.vlan is None:
                continue
            if each.vlan not in allowed:
                self.references.add([no_trunk(each.vlan, f"{path}.vlan")])
            if subnet and served.setdefault(each.vlan, subnet) != subnet:
                self.references.add([serves_another(each.vlan, served[each.vlan], f"{path}.vlan")])


def _paths(primary: str, others: str, prototypes: Sequence[P]) -> list[tuple[str, P]]:
    """Each prototype with the property of the body that it stands in."""
    return [(f"{others}[{position - 1}]" if position else primary, each) for position, each in enumerate(prototypes)]


def _save_server(account: Account, asked: ServerPrototype, found: _Found) -> BareMetalServer:
    assert found.profile and found.vpc and found.group  # noqa: S101, PT018  refused before otherwise
    server = BareMetalServer(
        id=ids.zonal_id(asked.zone),
        name=asked.name or random_name(),
        account=account,
        resource_group=found.group,
        region=found.region,
        zone=asked.zone,
        vpc=found.vpc,
        profile=found.profile.name,
        bandwidth=asked.bandwidth or found.profile.default_bandwidth,
        enable_secure_boot=asked.enable_secure_boot,
        tpm_mode=asked.tpm_mode or found.profile.tpm_modes[0],
        firmware_update="optional",
        metadata_enabled=asked.metadata_enabled,
        metadata_protocol=asked.metadata_protocol,
        created_at=clock.now(),
    )
    found.placement.apply(server)
    save_named(server)
    return server


def _save_disks(server: BareMetalServer) -> None:
    profile = catalog.profiles()[server.profile]
    disks = [(profile.boot_interface, profile.boot_disk_size)] if profile.boot_disk_size else []
    disks += [("nvme", profile.secondary_disk_size)] * profile.secondary_disk_count
    Disk.objects.bulk_create(
        Disk(
            id=ids.zonal_id(server.zone),
            name=random_name(),
            server=server,
            is_boot=position == 0,
            interface_type=interface,
            size=size,
            created_at=server.created_at,
        )
        for position, (interface, size) in enumerate(disks)
    )
