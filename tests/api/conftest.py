from collections.abc import Callable
from typing import Any

import pytest

from controlplane.activity.record import Party
from servers.models import BareMetalServer, Image, Subnet
from tests.api.official import connected
from tests.api.vpc import Api
from tests.build import FACTS
from tests.policies import make_content
from tests.world import World, make_profile, make_server
from trustedprofiles.models import Policy, ProfileLink, TrustedProfile
from trustedprofiles.services.links import create_link
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account, name="victor")


@pytest.fixture
def path(profile: TrustedProfile) -> str:
    return f"/v1/profiles/{profile.id}"


@pytest.fixture
def link(profile: TrustedProfile) -> ProfileLink:
    """The profile trusts the server of the fixed facts."""
    return create_link(profile, cr_type="BMS", crn=FACTS.crn, by=BY)


@pytest.fixture
def policy(world: World) -> Policy:
    """Victor may look at VPC infrastructure."""
    return create_policy(world.account, content=make_content(), api_version="v1", by=BY)


@pytest.fixture
def api(world: World) -> Api:
    return Api()


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


@pytest.fixture
def prototype(server: BareMetalServer) -> dict[str, Any]:
    """The smallest valid create body."""
    return {
        "name": "new-1",
        "profile": {"name": "bx2-metal-96x384"},
        "zone": {"name": "us-south-1"},
        "initialization": {"image": {"id": Image.objects.all()[0].id}, "keys": []},
        "primary_network_interface": {"subnet": {"id": Subnet.objects.all()[0].id}},
    }


@pytest.fixture
def connect(world: World) -> Callable[..., Any]:
    """Makes a client of IBM's for a service, as Alice or as another user."""
    return connected
