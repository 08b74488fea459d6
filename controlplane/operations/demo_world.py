"""The demo world: a VPC with a subnet in each zone, an SSH key, a trusted profile with the Viewer role, three servers,
and an instance of each IAM-enabled service.

The servers are running at once, so that the first start does not wait for provisioning.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from controlplane.activity.record import Party
from controlplane.cloudservice.registry import services
from controlplane.instances.models import GLOBAL
from controlplane.operations.users import role_content
from controlplane.resourcecontroller.services.creation import InstancePrototype, create_instance
from servers import catalog
from servers.models import Image, Key, Subnet
from servers.services.initialization import InitializationPrototype
from servers.services.keys import create_key
from servers.services.network_interfaces import InterfacePrototype
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.subnets import create_subnet
from servers.services.vpcs import create_vpc
from trustedprofiles.models import Account, ResourceGroup, TrustedProfile
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.profiles import create_profile

NAME = "demo"
PROFILE = "demo-viewer"
SUBNET_SIZE = 256


def make_demo_world(account: Account, *, resource_group: ResourceGroup, by: Party) -> None:
    """Create the demo world. Call it in a transaction, after the stock images were created."""
    _make_service_instances(account, resource_group.id, by=by)
    subnets = _make_network(account, resource_group.id, by=by)
    key = create_key(
        account,
        region=settings.BAREMINT_REGION,
        public_key=_public_key(),
        name=NAME,
        by=by,
    )
    viewer = _make_viewer(account, by=by)
    profile = _server_profile()
    image = Image.objects.filter(region=settings.BAREMINT_REGION, account=None).order_by("number")[0]
    if profile is None:
        return  # IBM offers no bare metal servers in this region
    for position, name in enumerate(("web-1", "web-2", "db-1")):
        subnet = subnets[position % len(subnets)]
        prototype = ServerPrototype(
            name=name,
            profile=profile,
            zone=subnet.zone,
            initialization=_initialization(image, key, viewer if name == "web-1" else None),
            interfaces=(InterfacePrototype(subnet=subnet.id),),
            metadata_enabled=name.startswith("web"),
        )
        create_server(account, prototype=prototype, at_once=True, by=by)


def _make_network(account: Account, resource_group: str, *, by: Party) -> list[Subnet]:
    region = catalog.regions()[settings.BAREMINT_REGION]
    vpc = create_vpc(account, resource_group=resource_group, name=NAME, region=region.name, by=by)
    return [
        create_subnet(
            account,
            region=region.name,
            vpc=vpc.id,
            zone=zone,
            total_ipv4_address_count=SUBNET_SIZE,
            name=f"{NAME}-{zone}",
            resource_group=resource_group,
            by=by,
        )
        for zone in region.zones
    ]


def _make_service_instances(account: Account, resource_group: str, *, by: Party) -> None:
    for service in services().values():
        prototype = InstancePrototype(
            name=f"{NAME}-{service.name}",
            service=service.name,
            plan=service.offering.plans[0].id,
            region=GLOBAL if service.offering.is_global else settings.BAREMINT_REGION,
            resource_group=resource_group,
        )
        create_instance(account, prototype=prototype, by=by)


def _public_key() -> str:
    """Return a new public key. Its private key is discarded, because simulated servers accept no logins."""
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _make_viewer(account: Account, *, by: Party) -> TrustedProfile:
    profile = create_profile(account, name=PROFILE, description="May view VPC infrastructure.", by=by)
    content = role_content(account, profile.iam_id, ("Viewer",), "is")
    create_policy(account, content=content, api_version="v1", by=by)
    return profile


def _server_profile() -> str | None:
    names = (each.name for each in catalog.profiles().values() if settings.BAREMINT_REGION in each.regions)
    return next(names, None)


def _initialization(image: Image, key: Key, default_profile: TrustedProfile | None) -> InitializationPrototype:
    return InitializationPrototype(
        image=image.id,
        keys=(key.id,),
        trusted_profile={"id": default_profile.id} if default_profile else None,
    )
