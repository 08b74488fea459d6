"""The addresses and host names that a server in the lab knows. Values in, text out."""

from collections.abc import Iterable

from identity.inside.caller_address import SERVICE_ADDRESS, SERVICE_NAME

CONTROL_PLANE_ADDRESS = "166.9.0.1"
"""Where IBM's API hosts are, of the range that IBM keeps for service endpoints: no address prefix may overlap it."""
GLOBAL_HOSTS = (
    "iam.cloud.ibm.com",
    "resource-controller.cloud.ibm.com",
    "user-management.cloud.ibm.com",
    "tags.global-search-tagging.cloud.ibm.com",
    "api.global-search-tagging.cloud.ibm.com",
)
RESOLVER = "# There is no name server here: /etc/hosts has all names.\noptions timeout:1 attempts:1\n"


def control_plane_hosts(regions: Iterable[str]) -> tuple[str, ...]:
    """Every host name that leads to the control plane."""
    return (*GLOBAL_HOSTS, *(f"{region}.iaas.cloud.ibm.com" for region in sorted(regions)))


def hosts_file(*, hostname: str, address: str, control_plane: Iterable[str]) -> str:
    rows = [
        ("127.0.0.1", "localhost"),
        ("::1", "localhost"),
        (address, hostname),
        (SERVICE_ADDRESS, SERVICE_NAME),
        *((CONTROL_PLANE_ADDRESS, name) for name in control_plane),
    ]
    return "".join(f"{address} {name}\n" for address, name in rows)
