import pytest

from controlplane.activity.record import Party
from tests.build import FACTS
from tests.policies import make_content
from tests.world import World, make_profile
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
