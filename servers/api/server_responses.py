"""A bare metal server and its disks as the VPC API returns them."""

from typing import Any, Literal, NotRequired, TypedDict

from controlplane.kernel import timestamps
from servers import catalog
from servers.api.base import DeletedMeanwhile
from servers.api.network_connection_responses import BareMetalServerNetworkAttachmentReference, attachment_reference
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_responses import (
    DELETED,
    BareMetalServerProfileReference,
    Deleted,
    DiskAllowedUse,
    DiskReference,
    NamedReference,
    NetworkInterfaceReference,
    Reason,
    Reference,
    ReservationReference,
    ResourceGroupReference,
    VPCReference,
)
from servers.lifecycle import lifecycle_state
from servers.models import BareMetalServer as ServerRow
from servers.models import Disk, NetworkAttachment
from servers.models.catalog import ALLOWED_USE_VERSION
from servers.network_connections import ports_of
from servers.reserved_capacity import HEALTH_REASONS, health_reason

UNKNOWN_HEALTH = frozenset({"failed", "deleting"})
"""The statuses of a server in which its health is unknown."""
HEALTH = "https://cloud.ibm.com/docs/vpc?topic=vpc-server-health-status-reasons"


class BareMetalServerCPU(TypedDict):
    architecture: Literal["amd64", "s390x"]
    core_count: int
    socket_count: int
    threads_per_core: int


class BareMetalServerDisk(DiskReference):
    created_at: str
    interface_type: Literal["fcp", "nvme", "sata"]
    size: int
    allowed_use: NotRequired[DiskAllowedUse]


class BareMetalServerDiskCollection(TypedDict):
    disks: list[BareMetalServerDisk]


class BareMetalServerFirmware(TypedDict):
    update: Literal["none", "optional", "required"]


class MetadataServiceSwitch(TypedDict):
    enabled: bool
    protocol: Literal["http", "https"]


class PooledReservation(ReservationReference):
    deleted: NotRequired[Deleted]


class ReservationAffinity(TypedDict):
    policy: Literal["automatic", "disabled", "manual"]
    pool: list[PooledReservation]


class TrustedPlatformModule(TypedDict):
    enabled: bool
    mode: Literal["disabled", "tpm_2"]
    supported_modes: list[Literal["disabled", "tpm_2"]]


class BareMetalServer(Reference):
    bandwidth: int
    boot_target: DiskReference
    cpu: BareMetalServerCPU
    created_at: str
    disks: list[BareMetalServerDisk]
    enable_secure_boot: bool
    firmware: BareMetalServerFirmware
    health_reasons: list[Reason]
    health_state: Literal["ok", "degraded", "faulted", "inapplicable"]
    lifecycle_reasons: list[Reason]
    lifecycle_state: Literal["deleting", "failed", "pending", "stable", "suspended", "updating", "waiting"]
    memory: int
    metadata_service: MetadataServiceSwitch
    network_attachments: NotRequired[list[BareMetalServerNetworkAttachmentReference]]
    network_interfaces: list[NetworkInterfaceReference]
    primary_network_attachment: NotRequired[BareMetalServerNetworkAttachmentReference]
    primary_network_interface: NetworkInterfaceReference
    profile: BareMetalServerProfileReference
    reservation: NotRequired[ReservationReference]
    reservation_affinity: ReservationAffinity
    resource_group: ResourceGroupReference
    resource_type: Literal["bare_metal_server"]
    status: Literal[
        "deleting",
        "failed",
        "maintenance",
        "pending",
        "reinitializing",
        "restarting",
        "running",
        "starting",
        "stopped",
    ]
    status_reasons: list[Reason]
    trusted_platform_module: TrustedPlatformModule
    vpc: VPCReference
    zone: NamedReference


def server_body(server: ServerRow, hrefs: Hrefs) -> BareMetalServer:
    """Return every property that the SDK models require, none of them null. Raises DeletedMeanwhile."""
    profile = catalog.profiles()[server.profile]
    disks = sorted(server.disks.all(), key=lambda disk: (not disk.is_boot, disk.number))
    ports = ports_of(server)
    if not disks or not ports:
        raise DeletedMeanwhile("The server was deleted while it was read.")
    lifecycle: Any = lifecycle_state(server.status, under_way=server.transition)
    status: Any = server.status
    body: BareMetalServer = {
        "bandwidth": server.bandwidth,
        "boot_target": hrefs.disk(disks[0], server.id),
        "cpu": {
            "architecture": "amd64",
            "core_count": profile.core_count,
            "socket_count": profile.socket_count,
            "threads_per_core": profile.threads_per_core,
        },
        "created_at": timestamps.milliseconds(server.created_at),
        "crn": server.crn,
        "disks": [disk_body(disk, server, hrefs) for disk in disks],
        "enable_secure_boot": server.enable_secure_boot,
        "firmware": {"update": server.firmware_update},  # type: ignore[typeddict-item]
        "health_reasons": (reasons := _health_reasons(server)),
        "health_state": "inapplicable" if server.status in UNKNOWN_HEALTH else "degraded" if reasons else "ok",
        "href": hrefs("bare_metal_servers", server.id),
        "id": server.id,
        "lifecycle_reasons": [],
        "lifecycle_state": lifecycle,
        "memory": profile.memory,
        "metadata_service": {
            "enabled": server.metadata_enabled,
            "protocol": server.metadata_protocol,  # type: ignore[typeddict-item]
        },
        "name": server.name,
        "network_interfaces": [hrefs.interface(port, server.id) for port in ports],
        "primary_network_interface": hrefs.interface(ports[0], server.id),
        "profile": {
            "href": hrefs("bare_metal_server", "profiles", server.profile),
            "name": server.profile,
            "resource_type": "bare_metal_server_profile",
        },
        "reservation_affinity": {
            "policy": server.reservation_affinity_policy,  # type: ignore[typeddict-item]
            "pool": _pool(server, hrefs),
        },
        "resource_group": resource_group(server.resource_group),
        "resource_type": "bare_metal_server",
        "status": status,
        "status_reasons": server.status_reasons,
        "trusted_platform_module": {
            "enabled": server.tpm_mode != "disabled",
            "mode": server.tpm_mode,  # type: ignore[typeddict-item]
            "supported_modes": list(profile.tpm_modes),
        },
        "vpc": hrefs.vpc(server.vpc),
        "zone": hrefs.zone(server.zone),
    }
    if server.reservation:
        body["reservation"] = hrefs.reservation(server.reservation)
    attachments = [port.row for port in ports if isinstance(port.row, NetworkAttachment)]
    if attachments:
        body["network_attachments"] = [attachment_reference(each, server.id, hrefs) for each in attachments]
        body["primary_network_attachment"] = attachment_reference(attachments[0], server.id, hrefs)
    return body


def _health_reasons(server: ServerRow) -> list[Reason]:
    pooled = server.reservation_pool.status if server.reservation_pool else ""
    code = health_reason(pooled=pooled, deleted=server.deleted_reservation is not None)
    if not code or server.status in UNKNOWN_HEALTH:
        return []
    return [{"code": code, "message": HEALTH_REASONS[code], "more_info": HEALTH}]


def _pool(server: ServerRow, hrefs: Hrefs) -> list[PooledReservation]:
    """Return the pool of reservations, with deleted ones marked."""
    if server.reservation_pool:
        pooled: PooledReservation = {**hrefs.reservation(server.reservation_pool)}
        return [pooled]
    if not (record := server.deleted_reservation):
        return []
    href = hrefs("reservations", record["id"])
    return [
        {
            "crn": record["crn"],
            "deleted": DELETED,
            "href": href,
            "id": record["id"],
            "name": record["name"],
            "resource_type": "reservation",
        }
    ]


def disk_body(disk: Disk, server: ServerRow, hrefs: Hrefs) -> BareMetalServerDisk:
    """Return the body of a disk; only the boot disk has an allowed use, that of its image."""
    body: BareMetalServerDisk = {
        **hrefs.disk(disk, server.id),
        "created_at": timestamps.milliseconds(disk.created_at),
        "interface_type": disk.interface_type,  # type: ignore[typeddict-item]
        "size": disk.size,
    }
    if disk.is_boot:
        image = server.initialization.image
        version = image.get("allowed_use_version", ALLOWED_USE_VERSION)
        body["allowed_use"] = {"api_version": version, "bare_metal_server": image["allowed_use"]}
    return body
