from servers.models.catalog import Image
from servers.models.initialization import Initialization
from servers.models.key import Key
from servers.models.network import (
    VPC,
    NetworkACL,
    NetworkInterface,
    ReservedIP,
    RoutingTable,
    SecurityGroup,
    Subnet,
)
from servers.models.server import BareMetalServer, Disk

__all__ = [
    "VPC",
    "BareMetalServer",
    "Disk",
    "Image",
    "Initialization",
    "Key",
    "NetworkACL",
    "NetworkInterface",
    "ReservedIP",
    "RoutingTable",
    "SecurityGroup",
    "Subnet",
]
