"""VPCs, their address prefixes and routing tables."""

from django.db import models

from controlplane.kernel.crn import Crn
from servers.models.base import RegionalResource, Resource
from trustedprofiles.policy_columns import Columns, Through


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
    classic_access = models.BooleanField(default=False)
    enable_hub = models.BooleanField(default=False, help_text="DNS: resolves for other VPCs.")
    manual_dns_servers = models.JSONField(default=list, blank=True, help_text="Addresses; empty for the system's own.")
    dns_resolver_vpc = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="resolves_for",
        help_text="The hub that resolves names for it; empty unless its resolver is delegated.",
    )
    revision = models.PositiveBigIntegerField(default=1, help_text="Grows with every change: the entity tag.")

    class Meta:
        verbose_name = "VPC"
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "name"], name="vpc_name_per_region"),
        ]


class InVpc(RegionalResource):
    """A resource in a VPC; policies may select it by its VPC. Its model has the column ``vpc``."""

    vpc: models.ForeignKey[VPC, VPC]

    class Meta:
        abstract = True

    @property
    def policy_attributes(self) -> dict[str, str]:
        """The attributes of the base class and ``vpcId``. The VPC must be fetched."""
        return {**super().policy_attributes, "vpcId": self.vpc.id}

    @classmethod
    def policy_columns(cls) -> Columns:
        """Return the same attributes as columns of all rows."""
        return {**super().policy_columns(), "vpcId": Through("vpc", VPC)}


class AddressPrefix(Resource):
    """A range of a zone from which subnets are allocated."""

    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="address_prefixes")
    zone = models.CharField(max_length=20)
    cidr = models.CharField(max_length=18)
    is_default = models.BooleanField(default=False)

    class Meta:
        verbose_name = "address prefix"
        verbose_name_plural = "address prefixes"
        constraints = [
            models.UniqueConstraint(fields=["vpc", "name"], name="address_prefix_name_per_vpc"),
            models.UniqueConstraint(
                fields=["vpc", "zone"], condition=models.Q(is_default=True), name="one_default_prefix_per_zone"
            ),
        ]


class RoutingTable(Resource):
    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="routing_tables")
    accept_routes_from = models.JSONField(default=list, blank=True, help_text="Resource types.")
    advertise_routes_to = models.JSONField(default=list, blank=True)
    route_direct_link_ingress = models.BooleanField(default=False)
    route_internet_ingress = models.BooleanField(default=False)
    route_transit_gateway_ingress = models.BooleanField(default=False)
    route_vpc_zone_ingress = models.BooleanField(default=False)
    revision = models.PositiveBigIntegerField(default=1, help_text="Grows with every change: the entity tag.")

    class Meta:
        verbose_name = "routing table"
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="routing_table_name_per_vpc")]

    @property
    def crn(self) -> str:
        vpc = self.vpc
        return str(Crn("is", vpc.region, vpc.account_id, "vpc-routing-table", f"{vpc.id}/{self.id}"))


class Route(Resource):
    """A route of a user. ``next_hop`` is an address, 0.0.0.0 unless the action is ``deliver``."""

    routing_table = models.ForeignKey(RoutingTable, on_delete=models.CASCADE, related_name="routes")
    zone = models.CharField(max_length=20)
    destination = models.CharField(max_length=18)
    action = models.CharField(max_length=12, help_text="delegate, delegate_vpc, deliver or drop")
    next_hop = models.GenericIPAddressField(protocol="IPv4")
    priority = models.PositiveSmallIntegerField()
    advertise = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["routing_table", "name"], name="route_name_per_table")]


class DnsResolutionBinding(Resource):
    """One side of the binding of a VPC to its hub: each of the two VPCs has a row of its own."""

    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="dns_resolution_bindings")
    other = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "DNS resolution binding"
        constraints = [
            models.UniqueConstraint(fields=["vpc", "name"], name="dns_resolution_binding_name_per_vpc"),
            models.UniqueConstraint(fields=["vpc", "other"], name="one_dns_resolution_binding_per_pair"),
        ]
