"""What a page shows is what the reader's own API key may read: no name, no choice beyond that."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations

import pytest
from django.test import Client

from controlplane.kernel import clock
from identity import csr
from identity.services.certificates import create_certificate
from identity.services.iam_tokens import exchange_identity_token
from identity.services.identity_tokens import create_identity_token, verify_identity_token
from servers.facts import facts_of
from servers.models import BareMetalServer
from servers.selectors import server_by_number
from tests.build import make_csr
from tests.console.reading import BY, reader
from tests.policies import attribute, make_content
from tests.world import World, make_profile, make_server, make_subnet
from trustedprofiles.models import TrustedProfile
from trustedprofiles.services.links import create_link
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.roles import create_role
from trustedprofiles.services.rules import RuleContent, create_rule

pytestmark = pytest.mark.usefixtures("keys")

SERVICES = ("is", "iam-identity", "iam-access-management", "baremint")
SERVER, OTHER, PROFILE, ROLE = "web-of-ours", "db-of-ours", "reader-of-ours", "Operator"


@dataclass(frozen=True)
class Fact:
    """Something that a page may show, and the services whose Viewer may read it."""

    path: str
    text: str
    needs: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.text} at {self.path.format(server='SERVER', profile='PROFILE')}"


FACTS = [
    Fact("/servers/{server}", SERVER, ("is",)),
    Fact("/servers/{server}", PROFILE, ("is", "iam-identity")),
    Fact("/servers/{server}", "Identity certificate issued", ("is", "iam-identity")),
    Fact("/servers/{server}/holdings", "IAM token issued", ("is", "iam-identity")),
    Fact("/servers/{server}/holdings", "data-left", ("is",)),
    Fact("/servers", PROFILE, ("is", "iam-identity")),
    Fact("/servers", "data-age", ("is", "iam-identity")),
    Fact("/servers/table", PROFILE, ("is", "iam-identity")),
    Fact("/profiles", PROFILE, ("iam-identity",)),
    Fact("/profiles/{profile}", PROFILE, ("iam-identity",)),
    Fact("/profiles/{profile}", f">{SERVER}<", ("is", "iam-identity")),
    Fact("/profiles/{profile}", f"Describes now:</span> {OTHER}", ("is", "iam-identity")),
    Fact("/profiles/{profile}", ROLE, ("iam-identity", "iam-access-management")),
    Fact("/profiles/{profile}/state", "IAM token issued", ("is", "iam-identity")),
    Fact("/keys", "identity", ("baremint",)),
    Fact("/keys", "Table of identity certificates", ("baremint", "is")),
    Fact("/activity", "IAM token issued", ("is", "iam-identity")),
    Fact("/activity/export?format=json", SERVER, ("is", "iam-identity")),
    Fact("/", "Last refusals", ("is", "iam-identity")),
    Fact("/overview/state", "Certificate of", ("is", "iam-identity")),
    Fact("/overview/state", "hands over", ("is", "iam-identity", "baremint")),
]
READERS = [chosen for size in range(len(SERVICES) + 1) for chosen in combinations(SERVICES, size)]


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    new_profile = make_profile(world.account, name=PROFILE)
    content = make_content(new_profile.iam_id, ROLE)
    create_policy(world.account, content=content, api_version="v1", by=BY)
    return new_profile


@pytest.fixture
def server(world: World, profile: TrustedProfile) -> Iterator[BareMetalServer]:
    """Used a moment ago, by all of its three calls."""
    new_server = make_server(world.account, name=SERVER, metadata_enabled=True, profile=profile)
    make_server(world.account, name=OTHER)
    conditions = [{"claim": "name", "operator": "EQUALS", "value": OTHER}]
    create_rule(profile, content=RuleContent(type="Profile-CR", cr_type="BMS", conditions=conditions), by=BY)
    row = server_by_number(new_server.number)
    assert row
    facts, now = facts_of(row), clock.now()
    token = create_identity_token(facts, lifetime=timedelta(hours=1), nonce=None, now=now).token
    exchange_identity_token(verify_identity_token(token, facts=facts, now=now), facts=facts, selector={}, now=now)
    create_certificate(csr.check(make_csr()), facts=facts, lifetime=timedelta(hours=1), now=now)
    return new_server


@pytest.mark.parametrize(
    "services",
    [pytest.param(each, marks=[pytest.mark.thorough] if len(each) in (2, 3) else []) for each in READERS],
    ids=lambda chosen: " and ".join(chosen) or "none",
)
def test_a_reader_sees_what_they_may_read_and_nothing_else(
    world: World, server: BareMetalServer, profile: TrustedProfile, services: tuple[str, ...]
) -> None:
    browser = reader(world, *services)
    wrong = []
    for fact in FACTS:
        answer = browser.get(fact.path.format(server=server.id, profile=profile.id))
        shows = answer.status_code == 200 and fact.text in answer.content.decode()
        if shows != (set(fact.needs) <= set(services)):
            wrong.append((str(fact), "shown" if shows else f"not shown: {answer.status_code}"))
    assert wrong == []


# --- One server of several


@pytest.fixture
def of_one_server(world: World, server: BareMetalServer) -> Client:
    """A user who may read this server and no other, and every trusted profile."""
    browser = reader(world, "is", more=(attribute("bareMetalServerId", server.id),))
    content = make_content("IBMid-READER", "Editor", service="iam-identity")
    create_policy(world.account, content=content, api_version="v1", by=BY)
    return browser


def test_who_may_read_one_server_sees_its_page(of_one_server: Client, server: BareMetalServer) -> None:
    assert of_one_server.get(f"/servers/{server.id}").status_code == 200


def test_no_other_server_is_named_on_a_profiles_page(of_one_server: Client, profile: TrustedProfile) -> None:
    """Neither linked, nor described by a rule, nor to be chosen."""
    page = of_one_server.get(f"/profiles/{profile.id}").content.decode()
    assert (SERVER in page, OTHER in page.replace(f"EQUALS {OTHER}", "")) == (True, False)


def test_a_rule_is_tried_out_on_no_other_server(of_one_server: Client, profile: TrustedProfile) -> None:
    data = {"claim-0": "zone", "operator-0": "CONTAINS", "value-0": '"us-south"'}
    page = of_one_server.post(f"/profiles/{profile.id}/preview", data).content.decode()
    assert "of 1 server<" in page
    assert (SERVER in page, OTHER in page) == (True, False)


def test_another_server_is_not_linked(of_one_server: Client, profile: TrustedProfile) -> None:
    other = BareMetalServer.objects.get(name=OTHER)
    answers = [of_one_server.post(f"/profiles/{profile.id}/links", {"server": id}) for id in (other.id, "0717-none")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content.count(OTHER.encode()) == 0


def test_another_server_is_not_named_when_it_is_chosen(of_one_server: Client, server: BareMetalServer) -> None:
    ids = list(BareMetalServer.objects.values_list("id", flat=True))
    answer = of_one_server.post("/servers/actions", {"action": "delete", "server": ids})
    assert OTHER not in answer.content.decode()


def test_choices_of_a_form_are_what_may_be_listed(world: World, profile: TrustedProfile) -> None:
    browser = reader(world)
    content = make_content("IBMid-READER", "Editor")
    create_policy(world.account, content=content, api_version="v1", by=BY)
    assert PROFILE not in browser.get("/servers/new").content.decode()
    content = make_content("IBMid-READER", service="iam-identity")
    create_policy(world.account, content=content, api_version="v1", by=BY)
    assert PROFILE in browser.get("/servers/new").content.decode()


# --- A profile of another account, which has linked a server of this one


@pytest.fixture
def foreign(world: World) -> TrustedProfile:
    return make_profile(world.other_account, name="trust-me")


@pytest.fixture
def linked(world: World, foreign: TrustedProfile) -> BareMetalServer:
    new_server = make_server(world.account, name="linked", metadata_enabled=True)
    create_link(foreign, cr_type="BMS", crn=new_server.crn, is_cross_account=True, by=BY)
    return new_server


def test_a_foreign_profile_is_on_no_page_of_the_server(
    alice: Client, linked: BareMetalServer, foreign: TrustedProfile
) -> None:
    for leaf in ("", "/holdings", "/state"):
        page = alice.get(f"/servers/{linked.id}{leaf}").content.decode()
        assert [word for word in (foreign.id, foreign.name) if word in page] == []


def test_trying_out_does_not_assume_a_foreign_profile(
    alice: Client, linked: BareMetalServer, foreign: TrustedProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile_ids: list[str] = []
    monkeypatch.setattr(
        "controlplane.console.metadata_calls.run",
        lambda url, last, agent, profile_id: profile_ids.append(profile_id) or [],
    )
    alice.post(f"/servers/{linked.id}/try", {"last": "iam_token"})
    assert profile_ids == [""]


def test_a_profile_of_ours_is_named_before_a_foreign_one(
    alice: Client, world: World, linked: BareMetalServer, foreign: TrustedProfile
) -> None:
    ours = make_profile(world.account, name="zzz", linked_to=linked)
    page = alice.get(f"/servers/{linked.id}").content.decode()
    assert (ours.id in page, foreign.id in page) == (True, False)


# --- Forms


def test_a_server_is_reinitialized_without_showing_its_previous_initialization(
    world: World, server: BareMetalServer
) -> None:
    actions = ["initialization.update", "bare-metal-server.read"]
    role = create_role(
        world.account,
        name="Initializer",
        display_name="Initializer",
        service_name="is",
        actions=[f"is.bare-metal-server.{each}" for each in actions],
        by=BY,
    )
    browser = reader(world, "iam-identity")
    content = replace(make_content("IBMid-READER"), roles=[role.crn])
    create_policy(world.account, content=content, api_version="v1", by=BY)
    page = browser.get(f"/servers/{server.id}/initialization")
    assert page.status_code == 200
    assert f"selected>{PROFILE}" not in page.content.decode()


def test_a_subnet_of_another_account_is_like_one_that_is_not_there(alice: Client, world: World) -> None:
    foreign_subnet = make_subnet(world.other_account, name="theirs")

    def answered(id: str) -> str:
        data = {"profile": "bx2-metal-96x384", "subnet": id, "image": ""}
        page = alice.post("/servers/new", data).content.decode().partition("<main")[2]
        return re.sub(r"csrf\w*[^>]*|0717-[\w-]+", "", page)

    assert answered(foreign_subnet.id) == answered("0717-00000000-1111-4111-8111-000000000000")
