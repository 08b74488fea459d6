"""VPCs and what hangs under them."""

from django.db import models

from controlplane.kernel.crn import Crn
from servers.models.base import RegionalResource, Resource, ZonalResource


class VPC(RegionalResource):
    crn_type = "vpc"

    default_network_acl = models.OneToOneField(
        "servers.NetworkACL", on_delete=models.PROTECT, null=True, related_name="+"
    )
    default_security_group = models.OneToOneField(
        "servers.SecurityGroup", on_delete=models.PROTECT, null=True, related_name="+"
    )
    default_routing_table = models.OneToOneField(
        "servers.RoutingTable", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "name"], name="vpc_name_per_region"),
        ]


class NetworkACL(RegionalResource):
    crn_type = "network-acl"

    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="network_acls")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="acl_name_per_vpc")]


class SecurityGroup(RegionalResource):
    crn_type = "security-group"

    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="security_groups")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="security_group_name_per_vpc")]


class RoutingTable(Resource):
    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="routing_tables")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="routing_table_name_per_vpc")]

    @property
    def crn(self) -> str:
        vpc = self.vpc
        return str(Crn("is", vpc.region, vpc.account_id, "vpc-routing-table", f"{vpc.id}/{self.id}"))


class Subnet(ZonalResource):
    crn_type = "subnet"

    vpc = models.ForeignKey(VPC, on_delete=models.PROTECT, related_name="subnets")
    ipv4_cidr_block = models.CharField(max_length=18)
    network_acl = models.ForeignKey(NetworkACL, on_delete=models.PROTECT, related_name="subnets")
    routing_table = models.ForeignKey(RoutingTable, on_delete=models.PROTECT, related_name="subnets")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="subnet_name_per_vpc")]


class ReservedIP(Resource):
    """An address of a subnet. The constraint, not the search for a free one, keeps an address from going out twice."""

    subnet = models.ForeignKey(Subnet, on_delete=models.CASCADE, related_name="reserved_ips")
    address = models.GenericIPAddressField(protocol="IPv4")
    auto_delete = models.BooleanField(default=True)
    owner = models.CharField(max_length=8, default="user", help_text="provider or user")

    class Meta:
        verbose_name = "reserved IP"
        constraints = [
            models.UniqueConstraint(fields=["subnet", "address"], name="address_once_per_subnet"),
            models.UniqueConstraint(fields=["subnet", "name"], name="reserved_ip_name_per_subnet"),
        ]


class NetworkInterface(Resource):
    server = models.ForeignKey("servers.BareMetalServer", on_delete=models.CASCADE, related_name="network_interfaces")
    subnet = models.ForeignKey(Subnet, on_delete=models.PROTECT, related_name="network_interfaces")
    primary_ip = models.OneToOneField(ReservedIP, on_delete=models.PROTECT, related_name="network_interface")
    security_groups = models.ManyToManyField(SecurityGroup, related_name="network_interfaces")
    is_primary = models.BooleanField(default=False)
    interface_type = models.CharField(max_length=12, default="pci")
    allow_ip_spoofing = models.BooleanField(default=False)
    enable_infrastructure_nat = models.BooleanField(default=True)
    allowed_vlans = models.JSONField(default=list)
    mac_address = models.CharField(max_length=17)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], name="interface_name_per_server"),
            models.UniqueConstraint(
                fields=["server"], condition=models.Q(is_primary=True), name="one_primary_interface_per_server"
            ),
        ]
