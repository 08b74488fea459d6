"""Quotas: the published ones of IBM (VPC documentation, "Quotas and service limits")."""

from collections.abc import Mapping

from controlplane.kernel.errors import OverQuota, Target

QUOTAS: Mapping[str, int] = {
    "bare_metal_servers": 25,  # of an account
    "keys": 200,  # of an account in a region
    "vpcs": 10,  # of an account in a region
    "floating_ips": 40,  # of an account in a zone
    "subnets": 100,  # of a VPC
    "address_prefixes": 25,  # of a VPC
    "routing_tables": 50,  # of a VPC
    "routes": 200,  # of a routing table
    "network_acls": 100,  # of a VPC
    "security_groups": 100,  # of a VPC
    "network_acl_rules": 200,  # of a network ACL
    "security_group_rules": 250,  # of a security group
    "security_group_targets": 1000,  # of a security group
    "security_groups_of_target": 5,  # of an interface
    "ips_of_interface": 8,  # of a virtual network interface
    "pci_interfaces": 8,  # of a bare metal server
    "image_export_jobs": 10,  # of an image
    "active_image_export_jobs": 5,  # of an image
    "active_image_export_jobs_of_account": 20,  # of an account in a region
    "reserved_vcpus": 200,  # of an account in a region, in reservations for virtual servers
}


def require_room(
    kind: str, *, taken: int, quotas: Mapping[str, int], more: int = 1, target: Target | None = None
) -> None:
    """Check a quota. Raises OverQuota when ``taken + more`` exceeds it.

    ``quotas`` contains those that differ from IBM's.
    """
    most = quotas.get(kind, QUOTAS[kind])
    if taken + more > most:
        words = kind.replace("_", " ")
        why = "is used up" if taken >= most else f"has no room for {more} more"
        raise OverQuota(
            f"The quota of {most} {words} {why}. Delete one, or raise it: BAREMINT_QUOTAS={kind}={max(most, more) * 2}",
            target=target,
        )
