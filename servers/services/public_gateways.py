"""Public gateways: one in each zone of a VPC, each with a floating IP that it keeps."""

from dataclasses import dataclass

from django.db import transaction

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, InvalidValue, Target
from servers import catalog, events
from servers.models import VPC, FloatingIP, PublicGateway
from servers.services import floating_ips
from servers.services.naming import group_for, random_name
from servers.services.references import References
from servers.services.resource_changes import delete_resource, lock_both, save_change
from servers.services.row_locks import lock_row
from trustedprofiles.models import Account


@dataclass(frozen=True)
class FloatingIPPrototype:
    """An existing floating IP, by id or address, or a new one, with a name and a resource group."""

    existing: str = ""
    name: str = ""
    resource_group: str = ""


@transaction.atomic
def create_public_gateway(
    account: Account,
    *,
    region: str,
    vpc: str,
    zone: str,
    floating_ip: FloatingIPPrototype | None = None,
    name: str = "",
    resource_group: str = "",
    by: Party,
) -> PublicGateway:
    """Create the public gateway of a zone of a VPC, with an unbound floating IP or a new one.

    References are ids. Raises Refusals for what does not exist, NotUnique, OverQuota, InvalidValue for a floating IP of
    another zone, Conflict for a second public gateway of the zone and for a floating IP that is bound.
    """
    references = References()
    parent = references.find("vpc", VPC.objects.filter(account=account, region=region, id=vpc).first())
    references.find("zone", zone if zone in catalog.regions()[region].zones else None)
    with references.noting():
        group = group_for(account, resource_group)
    references.settle()
    assert parent  # noqa: S101  settled
    prototype = floating_ip or FloatingIPPrototype()
    new_ip = None
    if not prototype.existing:  # before the VPC is locked: as everywhere, the account comes first
        new_ip = floating_ips.create_floating_ip(
            account,
            region=region,
            zone=zone,
            name=prototype.name,
            resource_group=prototype.resource_group,
            path="floating_ip",
            by=by,
        )
    parent = lock_row(parent)
    if (other := parent.public_gateways.filter(zone=zone).first()) is not None:
        raise Conflict(f"The VPC already has the public gateway {other.name} in {zone}. It may have one in each zone.")
    gateway = PublicGateway(
        id=ids.regional_id(region),
        name=name or random_name(),
        account=account,
        resource_group=group,
        region=region,
        zone=zone,
        vpc=parent,
        floating_ip=new_ip or _existing(account, region, zone, prototype.existing),
        owns_floating_ip=new_ip is not None,
        created_at=clock.now(),
    )
    return save_change(gateway, f"{events.PUBLIC_GATEWAY}.create", gateway, by=by, status=201)


@transaction.atomic
def delete_public_gateway(gateway: PublicGateway, *, by: Party) -> None:
    """Delete a public gateway, and its floating IP if it was created with it; another one is unbound.

    Raises Conflict while subnets use it, with the words by which IBM's Terraform provider recognizes that it must
    detach them.
    """
    _, gateway = lock_both(gateway.vpc, gateway)
    if names := list(gateway.subnets.order_by("pk").values_list("name", flat=True)[:5]):
        raise Conflict(
            f"The public gateway is in use by subnet(s) {', '.join(names)}. Detach it from them first.",
            code="public_gateway_in_use_subnet_exists",
        )
    delete_resource(gateway, f"{events.PUBLIC_GATEWAY}.delete", gateway, by=by)
    if gateway.owns_floating_ip:
        floating_ips.delete_floating_ip(gateway.floating_ip, by=by)


def _existing(account: Account, region: str, zone: str, id: str) -> FloatingIP:
    ip = floating_ips.lock_unbound(account, region, id, path="floating_ip")
    if ip.zone != zone:
        raise InvalidValue(f"floating_ip must be of the zone {zone}.", target=Target("floating_ip"))
    return ip
