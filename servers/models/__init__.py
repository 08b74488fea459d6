from servers.models.account import AccountSettings, ServerTally
from servers.models.catalog import Image, ImageExportJob
from servers.models.console import ConsoleAccessToken
from servers.models.gateway import PublicGateway
from servers.models.initialization import Initialization
from servers.models.interface import FloatingIP, NetworkAttachment, NetworkInterface, VirtualNetworkInterface
from servers.models.key import Key
from servers.models.reservation import Reservation
from servers.models.server import BareMetalServer, Disk
from servers.models.subnet import ReservedIP, Subnet
from servers.models.traffic_rules import NetworkACL, NetworkACLRule, SecurityGroup, SecurityGroupRule
from servers.models.vpc import VPC, AddressPrefix, DnsResolutionBinding, Route, RoutingTable

__all__ = [
    "VPC",
    "AccountSettings",
    "AddressPrefix",
    "BareMetalServer",
    "ConsoleAccessToken",
    "Disk",
    "DnsResolutionBinding",
    "FloatingIP",
    "Image",
    "ImageExportJob",
    "Initialization",
    "Key",
    "NetworkACL",
    "NetworkACLRule",
    "NetworkAttachment",
    "NetworkInterface",
    "PublicGateway",
    "Reservation",
    "ReservedIP",
    "Route",
    "RoutingTable",
    "SecurityGroup",
    "SecurityGroupRule",
    "ServerTally",
    "Subnet",
    "VirtualNetworkInterface",
]
