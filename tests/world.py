"""The cast: Alice owns the account, Victor is a trusted profile with a Viewer policy, Mallory lives elsewhere."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.caller import Caller
from servers.models import VPC, BareMetalServer, Reservation, Subnet, VirtualNetworkInterface
from servers.reserved_capacity import BARE_METAL
from servers.selectors import images_of
from servers.services import transitions
from servers.services.catalog import seed_images
from servers.services.initialization import InitializationPrototype
from servers.services.network_interfaces import InterfacePrototype
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.reservations import create_reservation
from servers.services.subnets import create_subnet
from servers.services.virtual_interface_prototypes import VirtualInterfacePrototype
from servers.services.virtual_interfaces import create_virtual_interface
from servers.services.vpcs import create_vpc
from tests.recalling import recalled
from trustedprofiles.models import Account, ResourceGroup, TrustedProfile
from trustedprofiles.services.links import create_link
from trustedprofiles.services.profiles import create_profile

REGION = "us-south"
CIDRS = {REGION: "10.240.0.0/24", "eu-de": "10.243.0.0/24"}
"""Within the first zone's default address prefix."""
ACCOUNT = "a" * 32
OTHER_ACCOUNT = "b" * 32


def make_account(account_id: str = ACCOUNT, owner_iam_id: str = "IBMid-ALICE00001") -> Account:
    account = Account.objects.create(
        id=account_id, name=f"Account {account_id[0]}", owner_iam_id=owner_iam_id, created_at=clock.now()
    )
    ResourceGroup.objects.create(
        id=ids.hex_id(), account=account, name="Default", is_default=True, created_at=clock.now()
    )
    return account


ALICE = Caller(iam_id="IBMid-ALICE00001", account_id=ACCOUNT, name="Alice", sub_type="User")
MALLORY = Caller(iam_id="IBMid-MALLORY01", account_id=OTHER_ACCOUNT, name="Mallory", sub_type="User")


@dataclass(frozen=True)
class World:
    account: Account
    other_account: Account


@recalled
def make_world() -> World:
    return World(account=make_account(), other_account=make_account(OTHER_ACCOUNT, MALLORY.iam_id))


@recalled
def make_subnet(
    account: Account,
    *,
    vpc: VPC | None = None,
    name: str = "sub",
    cidr: str = "10.240.0.0/24",
    region: str = REGION,
) -> Subnet:
    """A subnet in the account's first VPC in the region, which is made when there is none."""
    owner = Party(account.owner_iam_id, "owner", "User")
    vpc = vpc or VPC.objects.filter(account=account, region=region).order_by("pk").first()
    vpc = vpc or create_vpc(account, name="net", region=region, by=owner)
    return create_subnet(account, region=region, vpc=vpc.id, ipv4_cidr_block=cidr, name=name, by=owner)


@recalled
def make_virtual_interface(subnet: Subnet, *, name: str = "vni") -> VirtualNetworkInterface:
    """A virtual network interface that nothing is attached to, with the lowest free address."""
    prototype = VirtualInterfacePrototype(subnet=subnet.id, name=name)
    owner = Party(subnet.account.owner_iam_id, "owner", "User")
    return create_virtual_interface(subnet.account, region=subnet.region, prototype=prototype, by=owner)


@recalled
def make_server(
    account: Account,
    *,
    name: str,
    metadata_enabled: bool = False,
    profile: TrustedProfile | None = None,
    region: str = REGION,
) -> BareMetalServer:
    """A running server in the account's network, made the way a request makes it."""
    owner = Party(account.owner_iam_id, "owner", "User")
    seed_images(region, clock.now())
    subnets = Subnet.objects.filter(account=account, region=region).order_by("pk")
    subnet = subnets.first() or make_subnet(account, region=region, cidr=CIDRS[region])
    prototype = ServerPrototype(
        profile="bx2-metal-96x384",
        zone=subnet.zone,
        name=name,
        metadata_enabled=metadata_enabled,
        initialization=InitializationPrototype(
            image=images_of(account.id).filter(region=region)[0].id,
            trusted_profile={"id": profile.id} if profile else None,
        ),
        interfaces=(InterfacePrototype(subnet=subnet.id),),
    )
    server = create_server(account, prototype=prototype, region=region, by=owner)
    while server.transition:
        transitions.run_due(clock.now() + timedelta(days=1))
        server.refresh_from_db()
    return server


def make_reservation(server: BareMetalServer, *, total: int = 1, **rest: Any) -> Reservation:
    """An inactive reservation for servers like this one."""
    return create_reservation(
        server.account,
        region=server.region,
        zone=server.zone,
        profile=server.profile,
        profile_type=BARE_METAL,
        total=total,
        term="one_year",
        by=Party(server.account.owner_iam_id, "owner", "User"),
        **rest,
    )


@recalled
def make_profile(
    account: Account, *, name: str = "profile", linked_to: BareMetalServer | None = None
) -> TrustedProfile:
    """A trusted profile, and a link to a server if one is given."""
    owner = Party(account.owner_iam_id, "owner", "User")
    profile = create_profile(account, name=name, by=owner)
    if linked_to:
        create_link(profile, cr_type="BMS", crn=linked_to.crn, by=owner)
    return profile
