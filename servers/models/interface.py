"""Network connections of servers: network interfaces, or attachments of virtual network interfaces.

A server has one kind or the other; its creation decides which.
"""

from django.db import models

from servers.models.base import Resource, ZonalResource
from servers.models.subnet import ReservedIP, Subnet
from servers.models.traffic_rules import SecurityGroup
from servers.models.vpc import VPC


class NetworkInterface(Resource):
    server = models.ForeignKey("servers.BareMetalServer", on_delete=models.CASCADE, related_name="network_interfaces")
    subnet = models.ForeignKey(Subnet, on_delete=models.PROTECT, related_name="network_interfaces")
    primary_ip = models.OneToOneField(ReservedIP, on_delete=models.PROTECT, related_name="network_interface")
    security_groups = models.ManyToManyField(SecurityGroup, related_name="network_interfaces")
    is_primary = models.BooleanField(default=False)
    interface_type = models.CharField(max_length=12, default="pci", help_text="pci, vlan or hipersocket")
    allow_ip_spoofing = models.BooleanField(default=False)
    enable_infrastructure_nat = models.BooleanField(default=True)
    allowed_vlans = models.JSONField(default=list, blank=True, help_text="Of type pci.")
    vlan = models.PositiveIntegerField(null=True, blank=True, help_text="Of type vlan.")
    allow_interface_to_float = models.BooleanField(default=False, help_text="Of type vlan.")
    mac_address = models.CharField(max_length=17)
    awaits_start = models.BooleanField(default=False, help_text="Made while the server was stopped; not in use yet.")

    class Meta:
        verbose_name = "network interface"
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], name="interface_name_per_server"),
            models.UniqueConstraint(
                fields=["server"], condition=models.Q(is_primary=True), name="one_primary_interface_per_server"
            ),
        ]


class VirtualNetworkInterface(ZonalResource):
    crn_type = "virtual-network-interface"

    vpc = models.ForeignKey(VPC, on_delete=models.PROTECT, related_name="virtual_network_interfaces")
    subnet = models.ForeignKey(Subnet, on_delete=models.PROTECT, related_name="virtual_network_interfaces")
    primary_ip = models.OneToOneField(ReservedIP, on_delete=models.PROTECT, related_name="primary_of")
    security_groups = models.ManyToManyField(SecurityGroup, related_name="virtual_network_interfaces")
    auto_delete = models.BooleanField(default=False, help_text="Deleted along with its attachment.")
    allow_ip_spoofing = models.BooleanField(default=False)
    enable_infrastructure_nat = models.BooleanField(default=True)
    protocol_state_filtering_mode = models.CharField(max_length=8, default="auto")
    mac_address = models.CharField(max_length=17)
    revision = models.PositiveBigIntegerField(default=1, help_text="Grows with every change: the entity tag.")

    class Meta:
        verbose_name = "virtual network interface"
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="virtual_interface_name_per_vpc")]
        # There are as many as servers: a page and the count of an account's in a region are read from this alone.
        indexes = [models.Index(fields=["account", "region", "-number"], name="virtual_interface_newest")]


class NetworkAttachment(Resource):
    server = models.ForeignKey("servers.BareMetalServer", on_delete=models.CASCADE, related_name="network_attachments")
    virtual_network_interface = models.OneToOneField(
        VirtualNetworkInterface, on_delete=models.PROTECT, related_name="attachment"
    )
    is_primary = models.BooleanField(default=False)
    interface_type = models.CharField(max_length=12, default="pci", help_text="pci or vlan")
    allowed_vlans = models.JSONField(default=list, blank=True, help_text="Of type pci.")
    vlan = models.PositiveIntegerField(null=True, blank=True, help_text="Of type vlan.")
    allow_to_float = models.BooleanField(default=False, help_text="Of type vlan.")
    awaits_start = models.BooleanField(default=False, help_text="Made while the server was stopped; not in use yet.")

    class Meta:
        verbose_name = "network attachment"
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], name="attachment_name_per_server"),
            models.UniqueConstraint(
                fields=["server"], condition=models.Q(is_primary=True), name="one_primary_attachment_per_server"
            ),
        ]


class FloatingIP(ZonalResource):
    """A public address, bound to nothing, to a network interface, or to a virtual one."""

    crn_type = "floating-ip"

    address = models.GenericIPAddressField(protocol="IPv4", unique=True)
    network_interface = models.ForeignKey(
        NetworkInterface, on_delete=models.SET_NULL, null=True, blank=True, related_name="floating_ips"
    )
    virtual_network_interface = models.ForeignKey(
        VirtualNetworkInterface, on_delete=models.SET_NULL, null=True, blank=True, related_name="floating_ips"
    )

    class Meta:
        verbose_name = "floating IP"
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "name"], name="floating_ip_name_per_region"),
            models.CheckConstraint(
                condition=models.Q(network_interface=None) | models.Q(virtual_network_interface=None),
                name="floating_ip_has_one_target",
            ),
        ]
