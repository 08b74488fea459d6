"""``POST /identity/profiles``: the trusted profiles that the bearer of a token may become."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.iam.asking import API_KEY, ASSUME, CR_TOKEN, PROFILES, ask, refused, token
from tests.iam.conftest import BY, Robot, identity_token_of, trust
from tests.watching import nothing_is_written
from tests.world import ACCOUNT, ALICE, MALLORY, OTHER_ACCOUNT, World, make_profile, make_server
from trustedprofiles.api.profile_responses import profile_body
from trustedprofiles.models import TrustedProfile, User
from trustedprofiles.services.links import create_link
from trustedprofiles.services.rules import RuleContent, create_rule


def eligible(**form: str) -> list[str]:
    """Names of the profiles."""
    answer = ask(form, path=PROFILES)
    assert answer.status_code == 200, answer.content
    body = answer.json()  # type: ignore[attr-defined]
    assert body["count"] == len(body["profiles"])
    return [profile["name"] for profile in body["profiles"]]


def as_bearer(key: str) -> str:
    return token(ask({**API_KEY, "apikey": key}))


def by_rule(world: World, name: str, server_name: str) -> None:
    conditions = [{"claim": "name", "operator": "EQUALS", "value": f'"{server_name}"'}]
    create_rule(
        make_profile(world.account, name=name),
        content=RuleContent("Profile-CR", conditions, cr_type="BMS"),
        by=BY,
    )


def test_a_server_has_the_profiles_that_a_link_or_a_rule_opens_to_it_and_no_other(
    world: World, server: BareMetalServer, identity_token: str, profile: TrustedProfile
) -> None:
    make_profile(world.account, name="unlinked")
    make_profile(world.account, name="of-a-neighbour", linked_to=make_server(world.account, name="web-2"))
    by_rule(world, "by-rule", "web-1")
    by_rule(world, "by-another-rule", "web-2")
    trust(make_profile(world.account, name="of-alice"), "user", ALICE.iam_id)
    assert eligible(cr_token=f"{identity_token}\n") == ["by-rule", profile.name]


def test_a_server_has_a_profile_of_another_account_only_by_a_link_that_says_so(
    world: World, server: BareMetalServer, identity_token: str
) -> None:
    make_profile(world.other_account, name="unlinked")
    create_link(
        make_profile(world.other_account, name="theirs"), cr_type="BMS", crn=server.crn, is_cross_account=True, by=BY
    )
    assert eligible(cr_token=identity_token) == ["theirs"]


def test_a_bearer_has_the_profiles_whose_identities_let_it_in_from_its_account(
    world: World, alice_key: str, mallory_key: str, robot: Robot
) -> None:
    for name, account, identities in (
        ("alices", world.account, [("user", ALICE.iam_id)]),
        ("of-both", world.account, [("user", ALICE.iam_id), ("user", MALLORY.iam_id, OTHER_ACCOUNT)]),
        ("from-elsewhere", world.account, [("user", ALICE.iam_id, OTHER_ACCOUNT)]),
        ("theirs", world.other_account, [("user", ALICE.iam_id, ACCOUNT), ("user", MALLORY.iam_id)]),
        ("robots", world.account, [("serviceid", robot.service_id.id)]),
        ("without-identities", world.account, []),
    ):
        profile = make_profile(account, name=name)
        for identity in identities:
            trust(profile, *identity)
    assert eligible(access_token=as_bearer(alice_key)) == ["alices", "of-both", "theirs"]
    assert eligible(access_token=as_bearer(mallory_key)) == ["of-both", "theirs"]
    assert eligible(access_token=as_bearer(robot.key)) == ["robots"]


def test_every_profile_that_is_listed_can_be_assumed(world: World, alice_key: str, identity_token: str) -> None:
    by_rule(world, "by-rule", "web-1")
    trust(make_profile(world.other_account, name="theirs"), "user", ALICE.iam_id, ACCOUNT)
    bearer = as_bearer(alice_key)
    for grant, form in ((CR_TOKEN, {"cr_token": identity_token}), (ASSUME, {"access_token": bearer})):
        [profile] = ask(form, path=PROFILES).json()["profiles"]  # type: ignore[attr-defined]
        assert ask({**grant, **form, "profile_id": profile["id"]}).status_code == 200


def test_a_server_that_bears_a_profile_has_the_profiles_that_name_its_crn(
    world: World, server: BareMetalServer, identity_token: str, profile: TrustedProfile
) -> None:
    trust(make_profile(world.account, name="of-the-server"), "crn", server.crn)
    bearer = token(ask({**CR_TOKEN, "cr_token": identity_token, "profile_id": profile.id}))
    assert eligible(access_token=bearer) == ["of-the-server"]


def test_a_profile_is_shown_as_by_the_identity_api(identity_token: str, profile: TrustedProfile) -> None:
    assert ask({"cr_token": identity_token}, path=PROFILES).json() == {  # type: ignore[attr-defined]
        "count": 1,
        "profiles": [dict(profile_body(profile))],
    }


def test_a_bearer_that_no_profile_trusts_learns_of_none(world: World, mallory_key: str) -> None:
    trust(make_profile(world.account, name="alices"), "user", ALICE.iam_id)
    assert ask({"access_token": as_bearer(mallory_key)}, path=PROFILES).json() == {"count": 0, "profiles": []}  # type: ignore[attr-defined]


def test_the_number_of_queries_does_not_depend_on_the_number_of_profiles(
    world: World, server: BareMetalServer, alice_key: str
) -> None:
    bearer, counts = as_bearer(alice_key), []
    for number in range(3):
        profile = make_profile(world.account, name=f"p{number}", linked_to=server)
        trust(profile, "user", ALICE.iam_id)
        by_rule(world, f"r{number}", "web-1")
        for form in ({"cr_token": identity_token_of(server)}, {"access_token": bearer}):
            with CaptureQueriesContext(connection) as captured:
                eligible(**form)
            # Keys are read again each second, however long the rest takes.
            counts.append(sum("identity_keypair" not in query["sql"] for query in captured))
    assert counts[:2] == counts[2:4] == counts[4:]


REFUSALS: dict[str, tuple[dict[str, str], tuple[int, str]]] = {
    "nothing": ({}, (400, "BXNIM0109E")),
    "empty": ({"cr_token": " \n", "access_token": ""}, (400, "BXNIM0109E")),
    "both": ({"cr_token": "{identity}", "access_token": "{iam}"}, (400, "BXNIM0106E")),
    "no-token": ({"cr_token": "hello"}, (400, "BXNIM0401E")),
    "no-iam-token": ({"access_token": "hello"}, (400, "BXNIM0401E")),
    "an-iam-token-for-an-identity-token": ({"cr_token": "{iam}"}, (400, "BXNIM0405E")),
    "an-identity-token-for-an-iam-token": ({"access_token": "{identity}"}, (400, "BXNIM0405E")),
}


@pytest.mark.parametrize(("form", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_a_form_without_one_token_of_its_kind_is_refused_and_nothing_is_written(
    alice_key: str, identity_token: str, form: dict[str, str], expected: tuple[int, str]
) -> None:
    tokens = {"iam": as_bearer(alice_key), "identity": identity_token}
    filled = {name: value.format(**tokens) for name, value in form.items()}
    with nothing_is_written():
        answer = ask(filled, path=PROFILES)
    assert refused(answer, PROFILES) == expected
    assert not [text for text in tokens.values() if text in answer.content.decode()]


def test_a_bearer_that_is_gone_has_no_eligible_profiles(
    alice_key: str, alice_the_user: User, server: BareMetalServer, identity_token: str
) -> None:
    bearer = as_bearer(alice_key)
    User.objects.update(is_active=False)
    switch_metadata_service(server, enabled=False, by=BY)
    for form in ({"access_token": bearer}, {"cr_token": identity_token}):
        assert refused(ask(form, path=PROFILES), PROFILES) == (401, "BXNIM0407E")
    server.delete()
    assert refused(ask({"cr_token": identity_token}, path=PROFILES), PROFILES) == (401, "BXNIM0407E")


def test_a_list_of_eligible_profiles_leaves_one_event_with_their_number(
    server: BareMetalServer, identity_token: str, profile: TrustedProfile, alice_key: str
) -> None:
    bearer = as_bearer(alice_key)
    for form, initiator, count in (
        ({"cr_token": identity_token}, server.crn, 1),
        ({"access_token": bearer}, ALICE.iam_id, 0),
    ):
        before = ActivityEvent.objects.count()
        eligible(**form)
        [event] = ActivityEvent.objects.order_by("pk")[before:]
        facts: Any = (event.action, event.initiator_id, event.account_id, event.data)
        assert facts == ("iam-identity.account-profile.read", initiator, ACCOUNT, {"count": count})
