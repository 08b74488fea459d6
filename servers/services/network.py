"""VPCs, subnets, interfaces and the addresses they take."""

import ipaddress
import secrets

from django.db import IntegrityError, transaction

from controlplane.activity.record import Party, record
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, NotUnique, Target
from servers.addressing import next_free
from servers.models import (
    VPC,
    BareMetalServer,
    NetworkACL,
    NetworkInterface,
    ReservedIP,
    RoutingTable,
    SecurityGroup,
    Subnet,
)
from servers.services.naming import random_name
from trustedprofiles.models import Account, ResourceGroup

MOST_TRIES = 20
PROVIDER_ADDRESSES = {
    0: "ibm-network-address",
    1: "ibm-default-gateway",
    2: "ibm-dns-address",
    3: "ibm-reserved-address",
    -1: "ibm-broadcast-address",
}


@transaction.atomic
def create_vpc(account: Account, *, resource_group: ResourceGroup, name: str, region: str, by: Party) -> VPC:
    """Make a VPC with its default network ACL, security group and routing table. Raises NotUnique."""
    now = clock.now()
    own = {"account": account, "resource_group": resource_group, "region": region, "created_at": now}
    try:
        with transaction.atomic():
            vpc = VPC.objects.create(id=ids.regional_id(region), name=name, **own)
    except IntegrityError:
        raise NotUnique(f"Provided Name ({name}) is not unique", target=Target("name")) from None
    vpc.default_network_acl = NetworkACL.objects.create(id=ids.regional_id(region), name=random_name(), vpc=vpc, **own)
    vpc.default_security_group = SecurityGroup.objects.create(
        id=ids.regional_id(region), name=random_name(), vpc=vpc, **own
    )
    vpc.default_routing_table = RoutingTable.objects.create(
        id=ids.regional_id(region), name=random_name(), vpc=vpc, created_at=now
    )
    vpc.save()
    target = Party(vpc.crn, vpc.name, "VPC")
    record("is.vpc.vpc.create", initiator=by, target=target, account_id=account.id, status=201)
    return vpc


@transaction.atomic
def create_subnet(vpc: VPC, *, zone: str, cidr: str, name: str, by: Party) -> Subnet:
    """Make a subnet with the five addresses that the provider keeps. Raises NotUnique."""
    now = clock.now()
    acl, table = vpc.default_network_acl, vpc.default_routing_table
    assert acl and table  # noqa: S101, PT018  create_vpc made them
    try:
        with transaction.atomic():
            subnet = Subnet.objects.create(
                id=ids.zonal_id(zone),
                name=name,
                account_id=vpc.account_id,
                resource_group_id=vpc.resource_group_id,
                zone=zone,
                vpc=vpc,
                ipv4_cidr_block=cidr,
                network_acl=acl,
                routing_table=table,
                created_at=now,
            )
    except IntegrityError:
        raise NotUnique(f"Provided Name ({name}) is not unique", target=Target("name")) from None
    network = ipaddress.IPv4Network(cidr)
    for position, kept_as in PROVIDER_ADDRESSES.items():
        ReservedIP.objects.create(
            id=ids.zonal_id(zone),
            name=kept_as,
            subnet=subnet,
            address=str(network[position]),
            auto_delete=False,
            owner="provider",
            created_at=now,
        )
    target = Party(subnet.crn, subnet.name, "Subnet")
    record("is.subnet.subnet.create", initiator=by, target=target, account_id=vpc.account_id, status=201)
    return subnet


def reserve_address(subnet: Subnet, *, address: str = "", name: str = "", auto_delete: bool = True) -> ReservedIP:
    """Take an address: the asked one, or the lowest free one. Must run in a transaction.

    The unique constraint decides who gets it; whoever loses the race tries the next. Raises Conflict when
    there is none, NotUnique for a name that is taken.
    """
    if name and subnet.reserved_ips.filter(name=name).exists():
        target = Target("primary_network_interface.primary_ip.name")
        raise NotUnique(f"Provided Name ({name}) is not unique", target=target)
    for _ in range(MOST_TRIES):
        taken = set(subnet.reserved_ips.values_list("address", flat=True))
        free = address if address else next_free(subnet.ipv4_cidr_block, taken)
        if free is None or free in taken:
            break
        try:
            with transaction.atomic():
                return ReservedIP.objects.create(
                    id=ids.zonal_id(subnet.zone),
                    name=name or random_name(),
                    subnet=subnet,
                    address=free,
                    auto_delete=auto_delete,
                    created_at=clock.now(),
                )
        except IntegrityError:
            continue
    raise Conflict(
        f"Subnet {subnet.name} has no such free address.", target=Target("primary_network_interface.primary_ip")
    )


def attach_primary_interface(
    server: BareMetalServer,
    subnet: Subnet,
    *,
    name: str,
    primary_ip: ReservedIP,
    security_groups: list[SecurityGroup],
    allow_ip_spoofing: bool,
    enable_infrastructure_nat: bool,
    allowed_vlans: list[int],
) -> NetworkInterface:
    """Give a new server its primary interface. Raises Conflict when another one took the address meanwhile."""
    interface = NetworkInterface(
        id=ids.zonal_id(server.zone),
        name=name or random_name(),
        server=server,
        subnet=subnet,
        primary_ip=primary_ip,
        is_primary=True,
        allow_ip_spoofing=allow_ip_spoofing,
        enable_infrastructure_nat=enable_infrastructure_nat,
        allowed_vlans=allowed_vlans,
        mac_address=_mac_address(),
        created_at=server.created_at,
    )
    try:
        with transaction.atomic():
            interface.save(force_insert=True)
    except IntegrityError:
        target = Target("primary_network_interface.primary_ip")
        raise Conflict(f"{primary_ip.address} was taken meanwhile. Ask for another.", target=target) from None
    interface.security_groups.set(security_groups)
    return interface


def _mac_address() -> str:
    """Locally administered, unicast (IEEE 802, second bit of the first octet)."""
    return "02:" + ":".join(f"{octet:02x}" for octet in secrets.token_bytes(5))
