"""The creation of a server: everything that the request refers to is checked before anything is created."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import InvalidValue, NotUnique, Target
from servers import catalog, quotas
from servers.events import SERVER, record_change
from servers.models import VPC, BareMetalServer, Disk, Subnet
from servers.reserved_capacity import AUTOMATIC
from servers.services import reservation_affinity, transitions
from servers.services.attachments import AttachmentPrototype, AttachmentRows, attach, find_attachment_rows
from servers.services.initialization import (
    InitializationPrototype,
    InitializationRows,
    find_initialization,
    save_initialization,
)
from servers.services.naming import random_name, save_named
from servers.services.network_interfaces import InterfacePrototype, InterfaceRows, attach_interface, find_interface
from servers.services.references import References
from servers.services.reservation_affinity import Placement, ReservationAffinity, servers_in_quota
from servers.services.row_locks import lock_row
from servers.services.vlans import TRUNK, no_trunk, serves_another
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.selectors import default_resource_group, resource_group

P = TypeVar("P", InterfacePrototype, AttachmentPrototype)
PRIMARY_INTERFACE, INTERFACES = "primary_network_interface", "network_interfaces"
PRIMARY_ATTACHMENT, ATTACHMENTS = "primary_network_attachment", "network_attachments"


@dataclass(frozen=True)
class ServerPrototype:
    """A server to create. It has ``interfaces`` or ``attachments``, with the primary one first."""

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
    """The policy when ``reservation_affinity`` names none; it depends on the API version."""
    resource_group: str = ""
    tpm_mode: str = ""
    vpc: str = ""


@transaction.atomic
def create_server(
    account: Account, *, prototype: ServerPrototype, region: str = "", at_once: bool = False, by: Party
) -> BareMetalServer:
    """Create a server and start its provisioning, in the configured region if none is named.

    With ``at_once``, the provisioning is finished before this function returns, without the worker.

    Raises Refusals with all problems of the prototype, NotUnique for a name that is taken, OverQuota, or Conflict when
    the requested address is not free. Nothing is created then.
    """
    lock_row(account)
    region, references = region or settings.BAREMINT_REGION, References()
    rows = find_server_rows(account, region, prototype, references=references)
    if rows.placement.used is None:
        count = servers_in_quota(account.id)
        quotas.require_room("bare_metal_servers", taken=count, quotas=settings.BAREMINT_QUOTAS)
    references.settle()
    server = _save_server(account, region, prototype, rows)
    _save_disks(server)
    save_initialization(server, rows.initialization, by=by)
    for position, interface in enumerate(rows.interfaces):
        attach_interface(server, interface, is_primary=position == 0)
    for position, attachment in enumerate(rows.attachments):
        attach(server, attachment, is_primary=position == 0, by=by)
    transitions.begin(server, "create", send=not at_once)
    record_change(f"{SERVER}.create", server, by=by, status=201)
    reservation_affinity.attach(server, by=by)
    if at_once:
        transitions.finish(server)
    return server


@dataclass(frozen=True)
class ServerRows:
    """The rows that a prototype refers to."""

    profile: catalog.Profile | None
    group: ResourceGroup | None
    vpc: VPC | None
    initialization: InitializationRows
    interfaces: list[InterfaceRows]
    attachments: list[AttachmentRows]
    placement: Placement


def find_server_rows(
    account: Account, region: str, prototype: ServerPrototype, *, references: References
) -> ServerRows:
    """Look up the rows that the prototype refers to; the problems are added to ``references``."""
    profile = references.find("profile", catalog.profiles().get(prototype.profile))
    zones = catalog.regions()[region].zones
    zone = references.find("zone", prototype.zone if prototype.zone in zones else None)
    initialization = find_initialization(
        account.id,
        region,
        prototype.initialization,
        enable_secure_boot=prototype.enable_secure_boot,
        path="initialization",
        references=references,
    )
    group: ResourceGroup | None = (
        references.find("resource_group", resource_group(account.id, prototype.resource_group))
        if prototype.resource_group
        else default_resource_group(account.id)
    )
    own = VPC.objects.filter(account=account, region=region)
    vpc = references.find("vpc", own.filter(id=prototype.vpc).first()) if prototype.vpc else None

    def require_together(subnet: Subnet | None, path: str) -> None:
        """Require that all connections and the server itself are in the same zone and VPC."""
        nonlocal vpc
        if subnet:
            references.require(zone in (None, subnet.zone), "zone", f"{path} is in zone {subnet.zone}.")
            where, message = "vpc" if prototype.vpc else path, f"{path} is in another VPC than the rest of the server."
            references.require(vpc in (None, subnet.vpc), where, message)
            vpc = vpc or subnet.vpc

    interfaces = [
        find_interface(account.id, region, each, path=path, references=references)
        for path, each in _paths(PRIMARY_INTERFACE, INTERFACES, prototype.interfaces)
    ]
    for interface in interfaces:
        require_together(interface.subnet, f"{interface.path}.subnet")
    attachments = []
    for path, each in _paths(PRIMARY_ATTACHMENT, ATTACHMENTS, prototype.attachments):
        attachments.append(find_attachment_rows(account.id, region, each, path=path, references=references))
        require_together(attachments[-1].subnet, path)
    if profile:
        _check_profile(profile, region, prototype, references)
    _check_vlans([*interfaces, *attachments], references)
    placement = reservation_affinity.place_new(
        BareMetalServer(account=account, region=region, zone=prototype.zone, profile=prototype.profile),
        prototype.reservation_affinity,
        default=prototype.default_reservation_policy,
        references=references,
    )
    name = prototype.name
    if name and BareMetalServer.objects.filter(account=account, region=region, name=name).exists():
        references.add([NotUnique(f"Provided Name ({name}) is not unique", target=Target("name"))])
    return ServerRows(profile, group, vpc, initialization, interfaces, attachments, placement)


def _check_profile(profile: catalog.Profile, region: str, prototype: ServerPrototype, references: References) -> None:
    is_offered = region in profile.regions
    references.require_usable(is_offered, "profile", f"Profile {prototype.profile} is not offered in {region}.")
    references.add(profile_problems(profile, bandwidth=prototype.bandwidth, tpm_mode=prototype.tpm_mode or None))


def profile_problems(
    profile: catalog.Profile, *, bandwidth: int | None, tpm_mode: str | None
) -> Iterator[InvalidValue]:
    """Yield a refusal for each property that the profile does not support.

    None stands for a property that the request does not contain.
    """
    if bandwidth is not None and bandwidth not in profile.bandwidths:
        bandwidths = ", ".join(map(str, profile.bandwidths))
        yield InvalidValue(f"bandwidth must be one of {bandwidths}.", target=Target("bandwidth"))
    if tpm_mode is not None and tpm_mode not in profile.tpm_modes:
        modes = ", ".join(profile.tpm_modes)
        yield InvalidValue(f"The profile supports {modes}.", target=Target("trusted_platform_module.mode"))


def _check_vlans(connections: Sequence[InterfaceRows | AttachmentRows], references: References) -> None:
    trunks = [each.prototype for each in connections if each.prototype.interface_type == TRUNK]
    trunk_vlans = {vlan for each in trunks for vlan in each.allowed_vlans}
    subnets: dict[int, Subnet] = {}
    for each in connections:
        vlan, path = each.prototype.vlan, f"{each.path}.vlan"
        if vlan is None:
            continue
        if vlan not in trunk_vlans:
            references.add([no_trunk(vlan, path)])
        if each.subnet and subnets.setdefault(vlan, each.subnet) != each.subnet:
            references.add([serves_another(vlan, subnets[vlan], path)])


def _paths(primary: str, others: str, prototypes: Sequence[P]) -> list[tuple[str, P]]:
    """Return each prototype with the property of the body that contains it."""
    return [(f"{others}[{position - 1}]" if position else primary, each) for position, each in enumerate(prototypes)]


def _save_server(account: Account, region: str, prototype: ServerPrototype, rows: ServerRows) -> BareMetalServer:
    assert rows.profile and rows.vpc and rows.group  # noqa: S101, PT018  refused before otherwise
    server = BareMetalServer(
        id=ids.zonal_id(prototype.zone),
        name=prototype.name or random_name(),
        account=account,
        resource_group=rows.group,
        region=region,
        zone=prototype.zone,
        vpc=rows.vpc,
        profile=rows.profile.name,
        bandwidth=prototype.bandwidth or rows.profile.default_bandwidth,
        enable_secure_boot=prototype.enable_secure_boot,
        tpm_mode=prototype.tpm_mode or rows.profile.tpm_modes[0],
        firmware_update="optional",
        metadata_enabled=prototype.metadata_enabled,
        metadata_protocol=prototype.metadata_protocol,
        created_at=clock.now(),
    )
    rows.placement.apply(server)
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
