"""Security groups, network ACLs and their rules."""

from django.db import models

from servers.models.base import Resource
from servers.models.vpc import VPC, InVpc


class Rule(Resource):
    """The fields that both kinds of rules share. Ports are for tcp and udp, type and code for icmp; otherwise all are
    empty."""

    direction = models.CharField(max_length=8, help_text="inbound or outbound")
    ip_version = models.CharField(max_length=4, default="ipv4")
    protocol = models.CharField(max_length=16)
    icmp_type = models.PositiveSmallIntegerField(null=True, blank=True)
    icmp_code = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        abstract = True


class NetworkACL(InVpc):
    crn_type = "network-acl"

    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="network_acls")

    class Meta:
        verbose_name = "network ACL"
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="acl_name_per_vpc")]


class NetworkACLRule(Rule):
    """A rule of a network ACL; they apply in the order of ``position``."""

    network_acl = models.ForeignKey(NetworkACL, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField()
    action = models.CharField(max_length=5, help_text="allow or deny")
    source = models.CharField(max_length=18)
    destination = models.CharField(max_length=18)
    source_port_min = models.PositiveIntegerField(null=True, blank=True)
    source_port_max = models.PositiveIntegerField(null=True, blank=True)
    destination_port_min = models.PositiveIntegerField(null=True, blank=True)
    destination_port_max = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "network ACL rule"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["network_acl", "name"], name="acl_rule_name_per_acl")]


class SecurityGroup(InVpc):
    crn_type = "security-group"

    vpc = models.ForeignKey(VPC, on_delete=models.CASCADE, related_name="security_groups")

    class Meta:
        verbose_name = "security group"
        constraints = [models.UniqueConstraint(fields=["vpc", "name"], name="security_group_name_per_vpc")]


class SecurityGroupRule(Rule):
    """A rule that allows traffic. The remote end is a range of addresses (one address is a /32) or a security group."""

    security_group = models.ForeignKey(SecurityGroup, on_delete=models.CASCADE, related_name="rules")
    local = models.CharField(max_length=18, default="0.0.0.0/0", help_text="CIDR block or address.")
    remote = models.CharField(max_length=18, blank=True, help_text="CIDR block or address; empty for a group.")
    remote_group = models.ForeignKey(
        SecurityGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="remote_rules"
    )
    port_min = models.PositiveIntegerField(null=True, blank=True)
    port_max = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "security group rule"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["security_group", "name"], name="group_rule_name_per_group")]
