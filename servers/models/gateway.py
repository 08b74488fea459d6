"""Public gateways, through which the subnets of a zone reach the Internet."""

from django.db import models

from servers.models.base import ZonalResource
from servers.models.interface import FloatingIP
from servers.models.vpc import VPC


class PublicGateway(ZonalResource):
    crn_type = "public-gateway"

    vpc = models.ForeignKey(VPC, on_delete=models.PROTECT, related_name="public_gateways")
    floating_ip = models.OneToOneField(FloatingIP, on_delete=models.PROTECT, related_name="public_gateway")
    owns_floating_ip = models.BooleanField(default=False, help_text="Made along with it, and deleted along with it.")

    class Meta:
        verbose_name = "public gateway"
        constraints = [
            models.UniqueConstraint(fields=["vpc", "name"], name="public_gateway_name_per_vpc"),
            models.UniqueConstraint(fields=["vpc", "zone"], name="one_public_gateway_per_zone"),
        ]
