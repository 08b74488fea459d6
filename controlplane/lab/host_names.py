"""The addresses and host names in a lab server's /etc/hosts. Pure functions."""

from collections.abc import Iterable

from controlplane.cloudservice.registry import services
from identity.inside.caller_address import SERVICE_ADDRESS, SERVICE_NAME

CONTROL_PLANE_ADDRESS = "166.9.0.1"
"""The address of IBM's API hosts in the lab. It is in IBM's range for service endpoints, which no address prefix may
overlap."""
GLOBAL_HOSTS = (
    "iam.cloud.ibm.com",
    "resource-controller.cloud.ibm.com",
    "globalcatalog.cloud.ibm.com",
    "user-management.cloud.ibm.com",
    "tags.global-search-tagging.cloud.ibm.com",
    "api.global-search-tagging.cloud.ibm.com",
)
RESOLVER = "# There is no name server here: /etc/hosts has all names.\noptions timeout:1 attempts:1\n"


def control_plane_hosts(regions: Iterable[str]) -> tuple[str, ...]:
    """Return every host name that resolves to the control plane."""
    of_regions = ("{region}.iaas.cloud.ibm.com", *(host for each in services().values() for host in each.hosts))
    hosts = (host.format(region=region) for host in of_regions for region in sorted(regions))
    return (*GLOBAL_HOSTS, *dict.fromkeys(hosts))


def hosts_file(*, hostname: str, address: str, control_plane: Iterable[str]) -> str:
    rows = [
        ("127.0.0.1", "localhost"),
        ("::1", "localhost"),
        (address, hostname),
        (SERVICE_ADDRESS, SERVICE_NAME),
        *((CONTROL_PLANE_ADDRESS, name) for name in control_plane),
    ]
    return "".join(f"{address} {name}\n" for address, name in rows)
