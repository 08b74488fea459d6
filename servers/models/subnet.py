"""Subnets and their addresses."""

from django.db import models

from servers.models.base import Resource, ZonalResource
from servers.models.traffic_rules import NetworkACL
from servers.models.vpc import VPC, InVpc, RoutingTable


class Subnet(InVpc, ZonalResource):
    crn_type = "subnet"

    vpc = models.ForeignKey(VPC, on_delete=models.PROTECT, related_name="subnets")
    ipv4_cidr_block = models.CharField(max_length=18)
    network_acl = models.ForeignKey(NetworkACL, on_delete=models.PROTECT, related_name="subnets")
    routing_table = models.ForeignKey(RoutingTable, on_delete=models.PROTECT, related_name="subnets")
    public_gateway = models.ForeignKey(
        "servers.PublicGateway", on_delete=models.PROTECT, null=True, blank=True, related_name="subnets"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="subnet_name_per_vpc")]


class ReservedIP(Resource):
    """An address of a subnet. The unique constraint keeps an address from being used twice.

    It is bound to nothing, to a network interface as its primary address (``network_interface``), or to a virtual
    network interface as one of its addresses (``virtual_network_interface``).
    """

    subnet = models.ForeignKey(Subnet, on_delete=models.CASCADE, related_name="reserved_ips")
    address = models.GenericIPAddressField(protocol="IPv4")
    auto_delete = models.BooleanField(default=True)
    owner = models.CharField(max_length=8, default="user", help_text="provider or user")
    virtual_network_interface = models.ForeignKey(
        "servers.VirtualNetworkInterface", on_delete=models.SET_NULL, null=True, blank=True, related_name="ips"
    )

    class Meta:
        verbose_name = "reserved IP"
        constraints = [
            models.UniqueConstraint(fields=["subnet", "address"], name="address_once_per_subnet"),
            models.UniqueConstraint(fields=["subnet", "name"], name="reserved_ip_name_per_subnet"),
        ]
