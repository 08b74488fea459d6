"""A bare metal server, its disks and its initialization, as the VPC API answers them."""

from typing import Any

from controlplane.kernel import timestamps
from controlplane.kernel.crn import Crn
from servers import catalog
from servers.api import server_response_types as shapes
from servers.api.base import DeletedMeanwhile
from servers.api.dated_behaviour import remote
from servers.api.network_responses import attachment_reference
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_responses import Deleted
from servers.lifecycle import lifecycle_state
from servers.models import BareMetalServer, Disk, Image, Initialization, Key, NetworkAttachment
from servers.models.catalog import ALLOWED_USE_VERSION
from servers.network_connections import ports_of
from servers.reserved_capacity import HEALTH_REASONS, health_reason

UNKNOWN_HEALTH = frozenset({"failed", "deleting"})
"""Statuses of a server in which nothing is said of its health."""
HEALTH = "https://cloud.ibm.com/docs/vpc?topic=vpc-server-health-status-reasons"
DELETED: Deleted = {"more_info": "https://cloud.ibm.com/apidocs/vpc#deleted-resources"}


def server_body(server: BareMetalServer, hrefs: Hrefs) -> shapes.BareMetalServer:
    """Every property the SDK models require, none of them null. Raises DeletedMeanwhile."""
    profile = catalog.profiles()[server.profile]
    disks = sorted(server.disks.all(), key=lambda disk: (not disk.is_boot, disk.number))
    ports = ports_of(server)
    if not disks or not ports:
        raise DeletedMeanwhile("The server was deleted while it was read.")
    lifecycle: Any = lifecycle_state(server.status, under_way=server.transition)
    status: Any = server.status
    body: shapes.BareMetalServer = {
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


def _health_reasons(server: BareMetalServer) -> list[shapes.Reason]:
    pooled = server.reservation_pool.status if server.reservation_pool else ""
    code = health_reason(pooled=pooled, deleted=server.deleted_reservation is not None)
    if not code or server.status in UNKNOWN_HEALTH:
        return []
    return [{"code": code, "message": HEALTH_REASONS[code], "more_info": HEALTH}]


def _pool(server: BareMetalServer, hrefs: Hrefs) -> list[shapes.PooledReservation]:
    """What was in it and is deleted is marked so."""
    if server.reservation_pool:
        pooled: shapes.PooledReservation = {**hrefs.reservation(server.reservation_pool)}
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


def disk_body(disk: Disk, server: BareMetalServer, hrefs: Hrefs) -> shapes.BareMetalServerDisk:
    """Only the boot disk says what it may be used for: what its image says."""
    body: shapes.BareMetalServerDisk = {
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


def initialization_body(
    initialization: Initialization, account_id: str, hrefs: Hrefs
) -> shapes.BareMetalServerInitialization:
    """What was given; ``deleted`` marks what is no more. ``default_trusted_profile`` is absent when none was given."""
    image = initialization.image
    there = set(Key.objects.filter(id__in=[key["id"] for key in initialization.keys]).values_list("id", flat=True))
    initial_image: shapes.InitializedImage = {
        "crn": image["crn"],
        "href": hrefs("images", image["id"]),
        "id": image["id"],
        "name": image["name"],
        "resource_type": "image",
    }
    if not Image.objects.filter(id=image["id"]).exists():
        initial_image["deleted"] = DELETED
    if owner := remote(Crn.parse(image["crn"]).account_id, account_id, hrefs.version):
        initial_image["remote"] = owner
    body: shapes.BareMetalServerInitialization = {
        "image": initial_image,
        "keys": [_key(key, there, hrefs) for key in initialization.keys],
        "user_accounts": [
            {
                "encrypted_password": account["encrypted_password"],
                "encryption_key": _key(account["encryption_key"], there, hrefs),
                "resource_type": "host_user_account",
                "username": account["username"],
            }
            for account in initialization.user_accounts
        ],
    }
    if profile_id := initialization.default_trusted_profile_id:
        crn = Crn("iam-identity", "", account_id, "profile", profile_id)
        body["default_trusted_profile"] = {
            "auto_link": initialization.auto_link,
            "target": {"id": profile_id, "crn": str(crn), "resource_type": "trusted_profile"},
        }
    return body


def _key(key: dict[str, str], there: set[str], hrefs: Hrefs) -> shapes.InitializedKey:
    body: shapes.InitializedKey = {
        "crn": key["crn"],
        "fingerprint": key["fingerprint"],
        "href": hrefs("keys", key["id"]),
        "id": key["id"],
        "name": key["name"],
    }
    if key["id"] not in there:
        body["deleted"] = DELETED
    return body
