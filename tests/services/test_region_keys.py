"""Identity tokens of a region are signed with that region's own key, and verified with it."""

from datetime import timedelta

import jwt
import pytest

from controlplane.kernel import clock
from controlplane.kernel.errors import Unauthenticated
from identity import claims, signing
from identity.models import KeyPair
from identity.services import key_rotation
from identity.services.identity_tokens import create_identity_token, verify_identity_token, verify_presented_token
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import servers_for_facts
from tests.build import make_facts
from tests.world import World, make_server

pytestmark = pytest.mark.usefixtures("keys")

ELSEWHERE = "eu-de"


@pytest.fixture
def server(world: World) -> BareMetalServer:
    new_server = make_server(world.account, name="far", metadata_enabled=True, region=ELSEWHERE)
    return servers_for_facts().get(pk=new_server.pk)


def token_of(server: BareMetalServer) -> str:
    issued_token = create_identity_token(facts_of(server), lifetime=timedelta(minutes=5), nonce=None, now=clock.now())
    return issued_token.token


def test_issuer_and_kid_name_the_servers_region(server: BareMetalServer) -> None:
    # D-02
    token = token_of(server)
    assert jwt.decode(token, options={"verify_signature": False})["iss"] == f"BMS-CR_{ELSEWHERE}"
    kid = jwt.get_unverified_header(token)["kid"]
    assert KeyPair.objects.get(kid=kid).region == ELSEWHERE
    assert kid.startswith(f"BMS-CR_{ELSEWHERE}_")


def test_the_first_token_of_a_region_does_not_wait_for_a_tick(server: BareMetalServer) -> None:
    assert not KeyPair.objects.filter(region=ELSEWHERE).exists()
    facts = facts_of(server)
    assert verify_identity_token(token_of(server), facts=facts, now=clock.now())["iss"] == f"BMS-CR_{ELSEWHERE}"


def test_a_token_of_another_region_is_good_where_it_says_itself_which_server_it_is_of(server: BareMetalServer) -> None:
    _, facts = verify_presented_token(token_of(server), now=clock.now())
    assert facts.id == server.id


def test_the_key_of_another_region_signs_nothing_for_this_one() -> None:
    key_rotation.ensure_identity_key(ELSEWHERE, now=clock.now())
    facts = make_facts()
    issuer = claims.identity_issuer("BMS-CR", facts.region)
    identity_claims = claims.identity_claims(
        facts, issuer=issuer, now=clock.now(), lifetime=timedelta(minutes=5), nonce=None
    )
    token, _ = signing.sign(identity_claims, purpose="identity", region=ELSEWHERE)
    with pytest.raises(Unauthenticated, match="key of another region"):
        verify_identity_token(token, facts=facts, now=clock.now())


def test_a_tick_prepares_the_keys_of_a_region_that_got_its_first_server(server: BareMetalServer) -> None:
    key_rotation.run_due_steps(now=clock.now())
    states = KeyPair.objects.filter(region=ELSEWHERE).values_list("purpose", "state").order_by("state")
    assert list(states) == [("identity", "active"), ("identity", "prepared")]


def test_each_region_rotates_by_itself(server: BareMetalServer) -> None:
    # D-80
    key_rotation.run_due_steps(now=clock.now())
    key_rotation.rotate_now("identity", now=clock.now(), region=ELSEWHERE)
    retiring = KeyPair.objects.filter(purpose="identity", state="retiring").values_list("region", flat=True)
    assert list(retiring) == [ELSEWHERE]


def test_a_token_signed_before_a_rotation_of_its_region_verifies_after_it(server: BareMetalServer) -> None:
    token = token_of(server)
    key_rotation.rotate_now("identity", now=clock.now(), region=ELSEWHERE)
    assert verify_identity_token(token, facts=facts_of(server), now=clock.now())
