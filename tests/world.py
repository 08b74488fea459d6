"""The cast: Alice owns the account, Victor is a trusted profile with a Viewer policy, Mallory lives elsewhere."""

from dataclasses import dataclass
from datetime import timedelta

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.caller import Caller
from servers.models import VPC, BareMetalServer
from servers.selectors import images_of
from servers.services import transitions
from servers.services.catalog import seed_images
from servers.services.network import create_subnet, create_vpc
from servers.services.provisioning import (
    InitializationPrototype,
    InterfacePrototype,
    ServerPrototype,
    create_server,
)
from trustedprofiles.models import Account, ResourceGroup, TrustedProfile
from trustedprofiles.selectors import default_resource_group
from trustedprofiles.services.links import create_link
from trustedprofiles.services.profiles import create_profile

REGION = "us-south"
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


def make_world() -> World:
    return World(account=make_account(), other_account=make_account(OTHER_ACCOUNT, MALLORY.iam_id))


def make_server(
    account: Account, *, name: str, metadata_enabled: bool = False, profile: TrustedProfile | None = None
) -> BareMetalServer:
    """A running server in the account's network, made the way a request makes it."""
    owner = Party(account.owner_iam_id, "owner", "User")
    group = default_resource_group(account.id)
    seed_images(REGION, clock.now())
    vpc = VPC.objects.filter(account=account).first() or create_vpc(
        account, resource_group=group, name="net", region=REGION, by=owner
    )
    subnet = vpc.subnets.first() or create_subnet(vpc, zone=f"{REGION}-1", cidr="10.240.0.0/24", name="sub", by=owner)
    prototype = ServerPrototype(
        profile="bx2-metal-96x384",
        zone=subnet.zone,
        name=name,
        metadata_enabled=metadata_enabled,
        initialization=InitializationPrototype(
            image=images_of(account.id)[0].id, trusted_profile={"id": profile.id} if profile else None
        ),
        interface=InterfacePrototype(subnet=subnet.id),
    )
    server = create_server(account, prototype=prototype, by=owner)
    while server.transition:
        transitions.run_due(clock.now() + timedelta(days=1))
        server.refresh_from_db()
    return server


def make_profile(
    account: Account, *, name: str = "profile", linked_to: BareMetalServer | None = None
) -> TrustedProfile:
    """A trusted profile, and a link to a server if one is given."""
    owner = Party(account.owner_iam_id, "owner", "User")
    profile = create_profile(account, name=name, by=owner)
    if linked_to:
        create_link(profile, cr_type="BMS", crn=linked_to.crn, by=owner)
    return profile
