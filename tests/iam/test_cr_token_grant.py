"""``cr-token``: a server, proven by its identity token, becomes a trusted profile from wherever it calls."""

from datetime import timedelta
from itertools import combinations
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock
from controlplane.kernel.errors import Unauthenticated
from identity.models import KeyPair
from identity.services import grants
from identity.services.guarded_event import ServerChanged
from identity.services.iam_tokens import verify_iam_token
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.iam.asking import CR_TOKEN, ask, claims, refused, token
from tests.iam.conftest import BY, identity_token_of
from tests.world import OTHER_ACCOUNT, World, make_profile, make_server
from trustedprofiles.models import TrustedProfile
from trustedprofiles.services.links import create_link
from trustedprofiles.services.profiles import delete_profile
from trustedprofiles.services.rules import RuleContent, create_rule

KINDS = ("id", "name", "crn")


def exchange(identity_token: str, client: str = "", **selector: str) -> Any:
    return ask({**CR_TOKEN, "cr_token": identity_token, **selector}, client=client)


def selecting(profile: TrustedProfile, *kinds: str) -> dict[str, str]:
    return {f"profile_{kind}": getattr(profile, kind) for kind in kinds}


# --- which profile ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", [kinds for size in (1, 2, 3) for kinds in combinations(KINDS, size)], ids="-".join)
def test_one_profile_is_named_in_one_way_or_in_several(
    identity_token: str, profile: TrustedProfile, kinds: tuple[str, ...]
) -> None:
    assert claims(exchange(identity_token, **selecting(profile, *kinds)))["iam_id"] == profile.iam_id


@pytest.mark.parametrize("kinds", list(combinations(KINDS, 2)), ids="-".join)
def test_two_names_that_mean_two_profiles_mean_none(
    world: World, identity_token: str, profile: TrustedProfile, server: BareMetalServer, kinds: tuple[str, str]
) -> None:
    other = make_profile(world.account, name="other", linked_to=server)
    selector = selecting(profile, kinds[0]) | selecting(other, kinds[1])
    assert refused(exchange(identity_token, **selector)) == (400, "BXNIM0397E")


def test_all_three_names_of_a_profile_must_agree(
    world: World, identity_token: str, profile: TrustedProfile, server: BareMetalServer
) -> None:
    other = make_profile(world.account, name="other", linked_to=server)
    answer = exchange(identity_token, **selecting(profile, "id", "crn"), **selecting(other, "name"))
    assert refused(answer) == (400, "BXNIM0397E")


def test_no_name_at_all_is_a_bad_request_though_the_server_has_a_default(world: World, profile: TrustedProfile) -> None:
    server = make_server(world.account, name="web-2", metadata_enabled=True, profile=profile)
    assert refused(exchange(identity_token_of(server))) == (400, "BXNIM0109E")


@pytest.mark.parametrize(
    "selector",
    [
        {"profile_id": "Profile-unknown"},
        {"profile_name": "unknown"},
        {"profile_crn": "unknown"},
        {"profile_crn": "crn:v1:bluemix:public:iam-identity::a/{account}::profile:Profile-unknown"},
        {"profile_crn": "crn:v1:bluemix:public:iam-identity::a/{account}::serviceid:{profile}"},
        {"profile_name": "READER"},
    ],
    ids=["id", "name", "no-crn", "crn", "crn-of-another-kind", "name-in-capitals"],
)
def test_a_profile_that_is_not_there_has_a_code_of_its_own(
    identity_token: str, profile: TrustedProfile, selector: dict[str, str]
) -> None:
    filled = {name: value.format(account=profile.account_id, profile=profile.id) for name, value in selector.items()}
    assert refused(exchange(identity_token, **filled)) == (400, "BXNIM0397E")


@pytest.mark.parametrize(
    "selector",
    [{"profile_id": "x" * 513}, {"profile_name": "a\0b"}, {"profile_name": "a\nb"}, {"profile_crn": "c" * 20_000}],
    ids=["long", "nul", "new-line", "very-long"],
)
def test_a_name_of_another_form_is_a_bad_request(identity_token: str, selector: dict[str, str]) -> None:
    assert refused(exchange(identity_token, **selector)) == (400, "BXNIM0106E")


@pytest.mark.parametrize("kind", KINDS)
def test_another_accounts_profile_looks_exactly_like_none(world: World, identity_token: str, kind: str) -> None:
    foreign = make_profile(world.other_account, name="theirs")
    value = getattr(foreign, kind)
    missing = {
        "id": foreign.id[:-4] + "ffff",
        "name": "missing",
        "crn": f"{foreign.crn[:-4]}ffff",
    }[kind]
    bodies = [exchange(identity_token, **{f"profile_{kind}": each}).json() for each in (value, missing)]
    for body in bodies:
        body.pop("context")
    assert bodies[0] == bodies[1]
    assert bodies[0]["errorCode"] == "BXNIM0397E"


def test_a_crn_that_lies_about_its_account_finds_nothing(identity_token: str, profile: TrustedProfile) -> None:
    lie = profile.crn.replace(profile.account_id, OTHER_ACCOUNT)
    assert refused(exchange(identity_token, profile_crn=lie)) == (400, "BXNIM0397E")


@pytest.mark.parametrize("kind", ["id", "crn"])
def test_another_accounts_profile_with_a_cross_account_link_is_taken_on(
    world: World, server: BareMetalServer, identity_token: str, kind: str
) -> None:
    foreign = make_profile(world.other_account, name="theirs")
    create_link(foreign, cr_type="BMS", crn=server.crn, is_cross_account=True, by=BY)
    assert claims(exchange(identity_token, **selecting(foreign, kind)))["account"]["bss"] == OTHER_ACCOUNT


# --- trust -----------------------------------------------------------------------------------------------------


def test_a_profile_that_does_not_trust_the_server_says_so_and_where_to_read_more(
    world: World, server: BareMetalServer, identity_token: str
) -> None:
    unlinked = make_profile(world.account, name="unlinked")
    answer = exchange(identity_token, profile_id=unlinked.id)
    assert refused(answer) == (400, "BXNIM0398E")
    url = urlsplit(answer.json()["more_info"])
    assert url.path == "/_baremint/explain"
    assert parse_qs(url.query) == {"server": [server.crn], "profile": [unlinked.id]}


def test_a_claim_rule_is_trust_enough(world: World, identity_token: str) -> None:
    by_rule = make_profile(world.account, name="by-rule")
    conditions = [{"claim": "name", "operator": "EQUALS", "value": '"web-1"'}]
    create_rule(by_rule, content=RuleContent("Profile-CR", conditions, cr_type="BMS"), by=BY)
    assert claims(exchange(identity_token, profile_name="by-rule"))["iam_id"] == by_rule.iam_id


# --- the token presented ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dirt", ["{}\n", "{}\r\n", " {} ", "\t{}"])
def test_white_space_around_the_token_is_ignored(identity_token: str, profile: TrustedProfile, dirt: str) -> None:
    assert exchange(dirt.format(identity_token), profile_id=profile.id).status_code == 200


def test_white_space_within_the_token_is_refused(identity_token: str, profile: TrustedProfile) -> None:
    answer = exchange(identity_token.replace(".", ".\n", 1), profile_id=profile.id)
    assert refused(answer) == (400, "BXNIM0401E")


@pytest.mark.parametrize("value", ["", " \n"])
def test_no_token_is_a_bad_request(profile: TrustedProfile, value: str) -> None:
    assert refused(exchange(value, profile_id=profile.id)) == (400, "BXNIM0109E")


def test_an_expired_token_is_not_supported(
    identity_token: str, profile: TrustedProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + timedelta(seconds=301)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert refused(exchange(identity_token, profile_id=profile.id)) == (400, "BXNIM0405E")


def test_a_token_of_a_server_whose_service_was_switched_off_is_worth_nothing(
    server: BareMetalServer, identity_token: str, profile: TrustedProfile
) -> None:
    switch_metadata_service(server, enabled=False, by=BY)
    assert refused(exchange(identity_token, profile_id=profile.id)) == (401, "BXNIM0407E")
    server.refresh_from_db()
    switch_metadata_service(server, enabled=True, by=BY)
    assert refused(exchange(identity_token, profile_id=profile.id)) == (401, "BXNIM0407E")
    assert exchange(identity_token_of(server), profile_id=profile.id).status_code == 200


def test_a_token_of_a_deleted_server_is_worth_nothing(
    server: BareMetalServer, identity_token: str, profile: TrustedProfile
) -> None:
    server.delete()
    assert refused(exchange(identity_token, profile_id=profile.id)) == (401, "BXNIM0407E")


# --- the token given -------------------------------------------------------------------------------------------


def test_the_claims_of_a_server_are_the_profiles_and_say_who_it_was(
    server: BareMetalServer, identity_token: str, profile: TrustedProfile
) -> None:
    answer = exchange(identity_token, profile_id=profile.id)
    token_claims = claims(answer)
    assert list(token_claims) == [
        *("iam_id", "id", "realmid", "jti", "identifier", "name", "sub", "sub_type", "authn", "account"),
        *("iat", "exp", "iss", "grant_type", "scope", "client_id", "acr", "amr"),
    ]
    assert (token_claims["iam_id"], token_claims["id"], token_claims["realmid"]) == (
        f"iam-{profile.id}",
        f"iam-{profile.id}",
        "iam",
    )
    assert (token_claims["identifier"], token_claims["sub"], token_claims["sub_type"]) == (
        profile.id,
        profile.id,
        "ComputeResource",
    )
    assert (token_claims["name"], token_claims["grant_type"]) == ("web-1", CR_TOKEN["grant_type"])
    assert token_claims["authn"] == {
        "sub": server.crn,
        "iam_id": f"crn-{server.crn}",
        "sub_type": "CRN",
        "name": "web-1",
    }
    assert answer.json()["expires_in"] == token_claims["exp"] - token_claims["iat"] == 3600


@pytest.mark.parametrize(("client", "name"), [("", "default"), ("bx:bx", "bx"), ("kube:kube", "kube")])
def test_the_client_is_named_and_gets_no_refresh_token(
    identity_token: str, profile: TrustedProfile, client: str, name: str
) -> None:
    answer = exchange(identity_token, client=client, profile_id=profile.id)
    assert (claims(answer)["client_id"], answer.json()["refresh_token"]) == (name, "not_supported")


def test_nothing_else_that_is_sent_gets_into_the_token(identity_token: str, profile: TrustedProfile) -> None:
    form = {
        "scope": "everything",
        "iam_id": "IBMid-ALICE00001",
        "expires_in": "999999",
        "account": OTHER_ACCOUNT,
        "client_id": "bx",
    }
    token_claims = claims(exchange(identity_token, profile_id=profile.id, **form))
    assert (token_claims["scope"], token_claims["iam_id"], token_claims["client_id"]) == (
        "ibm openid",
        profile.iam_id,
        "default",
    )
    assert (token_claims["account"]["bss"], token_claims["exp"] - token_claims["iat"]) == (profile.account_id, 3600)


def test_the_token_is_good_until_its_profile_goes(identity_token: str, profile: TrustedProfile) -> None:
    bearer = token(exchange(identity_token, profile_id=profile.id))
    assert verify_iam_token(bearer, now=clock.now()).iam_id == profile.iam_id
    delete_profile(profile, by=BY)
    with pytest.raises(Unauthenticated, match="its trusted profile was deleted"):
        verify_iam_token(bearer, now=clock.now())


def test_the_token_is_good_until_its_server_goes(
    server: BareMetalServer, identity_token: str, profile: TrustedProfile
) -> None:
    # D-61
    bearer = token(exchange(identity_token, profile_id=profile.id))
    server.delete()
    with pytest.raises(Unauthenticated, match="its server was deleted"):
        verify_iam_token(bearer, now=clock.now())


def test_the_key_that_signs_is_iams(identity_token: str, profile: TrustedProfile) -> None:
    before = ActivityEvent.objects.count()
    exchange(identity_token, profile_id=profile.id)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert KeyPair.objects.get(kid=event.data["kid"]).purpose == KeyPair.Purpose.IAM


# --- what is left on record ------------------------------------------------------------------------------------


def test_an_exchange_leaves_one_event_about_the_server_that_says_why(
    server: BareMetalServer, identity_token: str, profile: TrustedProfile
) -> None:
    before = ActivityEvent.objects.count()
    bearer = token(exchange(identity_token, profile_id=profile.id))
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.action, event.outcome) == ("iam-identity.profile-computeresource.login", "success")
    assert (event.initiator_id, event.data["profile_id"]) == (server.crn, profile.id)
    assert event.data["because"].endswith("names this server")
    assert bearer not in str(event.data)


def test_a_server_that_is_refused_leaves_one_event(world: World, server: BareMetalServer, identity_token: str) -> None:
    unlinked = make_profile(world.account, name="unlinked")
    before = ActivityEvent.objects.count()
    exchange(identity_token, profile_id=unlinked.id)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert (event.initiator_id, event.outcome, event.reason_code, event.reason_type) == (
        server.crn,
        "failure",
        400,
        "profile_not_linked",
    )


def test_a_server_that_changes_meanwhile_is_looked_at_again(
    identity_token: str, profile: TrustedProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looks = grants.iam_tokens.exchange_identity_token, []

    def changed_once(*args: Any, **options: Any) -> Any:
        looks.append(1)
        if len(looks) == 1:
            raise ServerChanged
        return real(*args, **options)

    monkeypatch.setattr(grants.iam_tokens, "exchange_identity_token", changed_once)
    assert exchange(identity_token, profile_id=profile.id).status_code == 200
    assert len(looks) == 2
