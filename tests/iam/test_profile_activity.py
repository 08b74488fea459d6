"""``include_activity`` of a trusted profile: who became it, by whatever grant."""

from typing import Any

from tests.api.calling import call
from tests.iam.asking import API_KEY, ASSUME, CR_TOKEN, ask, token
from tests.iam.conftest import trust
from tests.world import ALICE, World, make_profile
from trustedprofiles.models import TrustedProfile


def activity(profile: TrustedProfile) -> Any:
    return call("GET", f"/v1/profiles/{profile.id}?include_activity=true").json()["activity"]


def test_log_ins_of_people_and_servers_count(alice_key: str, identity_token: str, profile: TrustedProfile) -> None:
    assert activity(profile) == {"authn_count": 0}
    trust(profile, "user", ALICE.iam_id)
    alice = token(ask({**API_KEY, "apikey": alice_key}))
    token(ask({**ASSUME, "access_token": alice, "profile_id": profile.id}))
    token(ask({**CR_TOKEN, "cr_token": identity_token, "profile_id": profile.id}))
    assert activity(profile)["authn_count"] == 2
    assert activity(profile)["last_authn"]


def test_refusals_and_other_profiles_do_not_count(world: World, identity_token: str, profile: TrustedProfile) -> None:
    other = make_profile(world.account, name="other")
    token(ask({**CR_TOKEN, "cr_token": identity_token, "profile_id": profile.id}))
    assert ask({**CR_TOKEN, "cr_token": identity_token, "profile_id": other.id}).status_code == 400
    assert activity(other) == {"authn_count": 0}


def test_without_the_parameter_there_is_no_activity(profile: TrustedProfile) -> None:
    assert "activity" not in call("GET", f"/v1/profiles/{profile.id}").json()
