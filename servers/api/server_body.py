"""A bare metal server, its disks, interfaces and initialization, as the VPC API answers them."""

from typing import Any

from controlplane.kernel import timestamps
from controlplane.kernel.crn import Crn
from servers import catalog
from servers.api.references import Hrefs, resource_group
from servers.lifecycle import lifecycle_state
from servers.models import BareMetalServer, Disk, Initialization, NetworkInterface

ALLOWED_USE = {"api_version": "2026-01-01", "bare_metal_server": "true"}


def server_body(server: BareMetalServer, hrefs: Hrefs) -> dict[str, Any]:
    """BareMetalServer: every property the SDK models require, none of them null."""
    profile = catalog.profiles()[server.profile]
    disks = sorted(server.disks.all(), key=lambda disk: disk.number)
    interfaces = sorted(server.network_interfaces.all(), key=lambda each: each.number)
    primary = next(each for each in interfaces if each.is_primary)
    return {
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
        "disks": [disk_body(disk, server.id, hrefs) for disk in disks],
        "enable_secure_boot": server.enable_secure_boot,
        "firmware": {"update": "none"},
        "health_reasons": [],
        "health_state": "ok" if server.status not in ("failed", "deleting") else "inapplicable",
        "href": hrefs("bare_metal_servers", server.id),
        "id": server.id,
        "lifecycle_reasons": [],
        "lifecycle_state": lifecycle_state(server.status, under_way=server.transition),
        "memory": profile.memory,
        "metadata_service": {"enabled": server.metadata_enabled, "protocol": server.metadata_protocol},
        "name": server.name,
        "network_interfaces": [hrefs.interface(each, server.id) for each in interfaces],
        "primary_network_interface": hrefs.interface(primary, server.id),
        "profile": {
            "href": hrefs("bare_metal_server", "profiles", server.profile),
            "name": server.profile,
            "resource_type": "bare_metal_server_profile",
        },
        "reservation_affinity": {"policy": server.reservation_affinity_policy, "pool": []},
        "resource_group": resource_group(server.resource_group),
        "resource_type": "bare_metal_server",
        "status": server.status,
        "status_reasons": server.status_reasons,
        "trusted_platform_module": {
            "enabled": server.tpm_mode != "disabled",
            "mode": server.tpm_mode,
            "supported_modes": list(profile.tpm_modes),
        },
        "vpc": hrefs.vpc(server.vpc),
        "zone": hrefs.zone(server.zone),
    }


def disk_body(disk: Disk, server_id: str, hrefs: Hrefs) -> dict[str, Any]:
    """BareMetalServerDisk; only the boot disk says what it may be used for."""
    body = hrefs.disk(disk, server_id) | {
        "created_at": timestamps.milliseconds(disk.created_at),
        "interface_type": disk.interface_type,
        "size": disk.size,
    }
    return body | ({"allowed_use": ALLOWED_USE} if disk.is_boot else {})


def interface_body(interface: NetworkInterface, server: BareMetalServer, hrefs: Hrefs) -> dict[str, Any]:
    """BareMetalServerNetworkInterface of type ``pci``."""
    return hrefs.interface(interface, server.id) | {
        "allow_ip_spoofing": interface.allow_ip_spoofing,
        "allowed_vlans": interface.allowed_vlans,
        "created_at": timestamps.milliseconds(interface.created_at),
        "enable_infrastructure_nat": interface.enable_infrastructure_nat,
        "floating_ips": [],
        "interface_type": interface.interface_type,
        "mac_address": interface.mac_address,
        "port_speed": server.bandwidth,
        "security_groups": [hrefs.security_group(group) for group in interface.security_groups.all()],
        "status": "pending" if server.status == "pending" else "available",
        "type": "primary" if interface.is_primary else "secondary",
    }


def initialization_body(initialization: Initialization, account_id: str, hrefs: Hrefs) -> dict[str, Any]:
    """BareMetalServerInitialization; ``default_trusted_profile`` is absent when none was given."""
    body: dict[str, Any] = {
        "image": hrefs.image(initialization.image),
        "keys": [hrefs.key(key) for key in initialization.keys.all()],
        "user_accounts": [],
    }
    if profile_id := initialization.default_trusted_profile_id:
        crn = Crn("iam-identity", "", account_id, "profile", profile_id)
        target = {"id": profile_id, "crn": str(crn), "resource_type": "trusted_profile"}
        body["default_trusted_profile"] = {"auto_link": initialization.auto_link, "target": target}
    return body
