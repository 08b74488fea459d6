"""Questions by name, id or CRN; an unknown one is refused, with the nearest of those that the caller may list."""

from typing import Any

import pytest

from controlplane.activity.record import Party
from identity.services.apikeys import create_api_key
from servers.models import BareMetalServer
from tests.api.asking import ask
from tests.api.calling import caller_of, refusal
from tests.policies import VICTOR, attribute, make_content
from tests.world import ALICE, MALLORY, World, make_profile, make_server
from trustedprofiles.models import ServiceId, TrustedProfile, User
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.service_ids import create_service_id

BY = Party.of(ALICE)
LIST = "is.bare-metal-server.bare-metal-server.list"
READ = "is.bare-metal-server.bare-metal-server.read"
COLLEAGUE = caller_of("iam-Profile-colleague")


@pytest.fixture
def robot(world: World) -> ServiceId:
    return create_service_id(world.account, name="robot", by=BY)


@pytest.fixture
def bob(world: World) -> User:
    return User.objects.create_user("bob", iam_id="IBMid-BOB0000001", account=world.account)


def allow(world: World, iam_id: str, service: str = "is", **selected: str) -> None:
    more = tuple(attribute(name, value) for name, value in selected.items())
    create_policy(world.account, content=make_content(iam_id, service=service, more=more), api_version="v1", by=BY)


def message(answer: Any) -> str:
    assert refusal(answer) == (400, "not_found"), answer.content
    return str(answer.json()["errors"][0]["message"])


# --- whom ---


def test_a_subject_goes_by_its_name_id_crn_and_iam_id(
    world: World, profile: TrustedProfile, robot: ServiceId, bob: User
) -> None:
    words = {
        profile.iam_id: (profile.name, profile.id, profile.crn, profile.iam_id),
        robot.iam_id: (robot.name, robot.id, robot.crn, robot.iam_id),
        str(bob.iam_id): ("bob", str(bob.iam_id)),
    }
    for iam_id, names in words.items():
        allow(world, iam_id)
        for name in names:
            answer = ask(subject=name, action=LIST).json()
            assert (answer["subject"], answer["decision"]) == (iam_id, "allow"), name


def test_a_server_that_is_the_subject_is_asked_about_as_one_that_a_profile_trusts(
    server: BareMetalServer, profile: TrustedProfile
) -> None:
    for word in (server.name, server.id, server.crn):
        body, same = (ask(profile=profile.name, **{name: word}).json() for name in ("subject", "server"))
        assert (body["server"], body["decision"], body["because"]) == (server.crn, same["decision"], same["because"])
    assert ask(subject=f"crn-{server.crn}", profile=profile.name).json()["subject"] == f"crn-{server.crn}"
    document = ask(subject=server.name, action=LIST).json()
    assert (document["decision"], "Ask about the profile" in document["because"]) == ("deny", True)


def test_an_unknown_subject_is_refused_with_the_nearest(profile: TrustedProfile, robot: ServiceId, bob: User) -> None:
    nearest = {
        word: message(ask(subject=word, action=LIST)) for word in ("vicctor", "robbot", "bobb", "IBMid-BOB000001")
    }
    assert [text.partition("nearest: ")[2] for text in nearest.values()] == [
        "victor.",
        "robot.",
        "bob.",
        "IBMid-BOB0000001.",
    ]


def test_another_accounts_profile_is_like_none(world: World, profile: TrustedProfile) -> None:
    foreign = make_profile(world.other_account, name="theirs")
    messages = {
        message(ask(subject=word, action=LIST)) for word in (foreign.name, foreign.id, foreign.iam_id, foreign.crn)
    }
    assert messages == {message(ask(subject="iam-Profile-none", action=LIST))}


def test_what_the_asker_may_not_read_or_list_is_like_none(world: World, profile: TrustedProfile, bob: User) -> None:
    allow(world, COLLEAGUE.iam_id, "iam-access-management")
    messages = {
        message(ask(COLLEAGUE, subject=word, action=LIST)) for word in (profile.name, profile.iam_id, "victo", "bo")
    }
    assert messages == {message(ask(COLLEAGUE, subject="no such subject", action=LIST))}
    allow(world, COLLEAGUE.iam_id, "iam-identity")
    assert ask(COLLEAGUE, subject=profile.name, action=LIST).status_code == 200
    assert message(ask(COLLEAGUE, subject="victo", action=LIST)).endswith("nearest: victor.")


def test_a_name_that_two_have_is_not_guessed(world: World, robot: ServiceId) -> None:
    profile = make_profile(world.account, name=robot.name)
    answer = ask(subject=robot.name, action=LIST)
    assert refusal(answer) == (400, "invalid_value")
    assert {profile.iam_id in answer.json()["errors"][0]["message"], robot.iam_id in answer.content.decode()} == {True}


def test_the_callers_own_name_needs_no_policy(profile: TrustedProfile) -> None:
    for word in (profile.name, profile.id, profile.crn):
        assert ask(caller_of(profile.iam_id), subject=word, action=LIST).json()["subject"] == profile.iam_id


# --- what ---


def test_an_unknown_action_is_refused_with_the_nearest(world: World) -> None:
    assert message(ask(action="is.vpc.vpc.craete")).startswith(
        "No operation asks for this action. The nearest: is.vpc."
    )


def test_a_resource_goes_by_its_name_id_and_crn(server: BareMetalServer) -> None:
    names: list[Any] = [server.name, server.id, server.crn]
    names += [{"bareMetalServerId": word} for word in (server.name, server.id, server.crn)]
    answers = [ask(action=READ, resource=word).json() for word in names]
    assert [answer["resource"]["vpcId"] for answer in answers] == [server.vpc.id] * len(names)


def test_what_a_policy_selects_it_by_need_not_be_said(world: World, server: BareMetalServer) -> None:
    """The API knows in which VPC it is, and does not take it from the caller."""
    allow(world, VICTOR, vpcId=server.vpc.id)
    other = make_server(world.account, name="far-1", region="eu-de")
    decisions = [
        ask(subject=VICTOR, action=READ, resource=resource).json()["decision"]
        for resource in ("web-1", "far-1", {"bareMetalServerId": other.id, "vpcId": server.vpc.id})
    ]
    assert decisions == ["allow", "deny", "deny"]


def test_an_unknown_resource_is_refused_with_the_nearest(server: BareMetalServer) -> None:
    assert message(ask(action=READ, resource="wbe-1")).endswith("in your account. The nearest: web-1.")
    assert message(ask(action=READ, resource={"bareMetalServerId": "wbe-1"})).endswith("The nearest: web-1.")
    assert message(ask(action=READ, resource={"vpcId": "nte"})).endswith("The nearest: net.")
    assert message(ask(MALLORY, action=READ, resource="web-1")) == message(ask(MALLORY, action=READ, resource="web-9"))


def test_an_unknown_attribute_or_region_is_refused_with_the_nearest(world: World) -> None:
    spellings = {"vpcid": "vpcId", "bareMetalServerID": "bareMetalServerId"}
    for word, nearest in spellings.items():
        answer = ask(action=READ, resource={word: "x"})
        assert refusal(answer) == (400, "invalid_value")
        assert nearest in answer.json()["errors"][0]["message"]
    assert "us-south" in message(ask(action=LIST, resource={"region": "us-suoth"}))


def test_an_action_on_everything_takes_no_single_thing(server: BareMetalServer) -> None:
    for resource in (server.name, {"bareMetalServerId": server.id}):
        assert refusal(ask(action=LIST, resource=resource)) == (400, "invalid_value")


def test_a_policy_on_one_server_opens_the_list_that_is_asked_about_as_far_as_that_one(
    world: World, server: BareMetalServer
) -> None:
    allow(world, VICTOR, bareMetalServerId=server.id)
    make_server(world.account, name="web-2")
    assert ask(subject=VICTOR, action=LIST).json()["decision"] == "allow"
    assert ask(subject=VICTOR, action=READ, resource="web-2").json()["decision"] == "deny"
    assert ask(subject=VICTOR, action=READ, resource="web-1").json()["decision"] == "allow"


def test_a_caller_without_read_access_cannot_tell_a_name_from_a_missing_one(
    world: World, server: BareMetalServer
) -> None:
    """As the API: it answers 403 for the id of what is there, and a name is found by those who may read it."""
    outsider = caller_of("iam-Profile-outsider")
    assert ask(outsider, action=READ, resource=server.id).json()["decision"] == "deny"
    assert message(ask(outsider, action=READ, resource="web-1")) == message(
        ask(outsider, action=READ, resource="web-9")
    )


def test_a_right_on_tagging_as_a_whole_is_one_on_every_resource(world: World, server: BareMetalServer) -> None:
    attach = "global-search-tagging.tag.attach-user-tag"
    answers = []
    for service, role in (("is", "Viewer"), ("global-search-tagging", "Editor")):
        content = make_content(VICTOR, role, service=service)
        create_policy(world.account, content=content, api_version="v1", by=BY)
        answers.append(ask(subject=VICTOR, action=attach, resource=server.crn).json()["decision"])
    assert answers == ["deny", "allow"]


def test_an_api_key_goes_by_its_name_as_far_as_it_is_ones_own(world: World, bob: User) -> None:
    create_api_key(world.account, iam_id=str(bob.iam_id), name="laptop", by=Party(str(bob.iam_id), "Bob", "User"))
    question = {"action": "iam-identity.apikey.read", "resource": "laptop"}
    assert ask(subject="bob", **question).json()["decided_by"]["type"] == "own_api_key"
    assert ask(**question).json()["decided_by"]["type"] == "account_owner"


def test_a_resource_of_another_service_than_the_action_s_is_refused(world: World) -> None:
    answer = ask(action=LIST, resource={"serviceName": "iam-identity"})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["target"]["name"]) == (400, "resource.serviceName")


def test_the_nearest_are_among_those_that_the_list_shows(world: World, server: BareMetalServer) -> None:
    make_server(world.account, name="web-2")
    outsider, reader = (caller_of(f"iam-Profile-{name}") for name in ("outsider", "reader"))
    without = (attribute("vpcId", False, "stringExists"),)  # which every server has
    create_policy(world.account, content=make_content(outsider.iam_id, more=without), api_version="v2", by=BY)
    allow(world, reader.iam_id, bareMetalServerId=server.id)
    messages = {caller: message(ask(caller, action=READ, resource="wbe-1")) for caller in (outsider, reader)}
    assert ["nearest" in messages[outsider], messages[reader].partition("nearest: ")[2]] == [False, "web-1."]
