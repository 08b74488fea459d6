"""Bad tokens at the control plane and at the token service: 401 with the documented code, and nothing else happens.

RFC 8725: algorithms (3.1, 3.2), inputs (3.4, 3.7), issuer and audience (3.8, 3.9), header members (3.10), kinds of
tokens (3.11, 3.12). The metadata service and the object store have theirs in tests/inside and tests/objectstore.
"""

from typing import Any

import pytest
from django.test import Client

from identity.signing import LONGEST_TOKEN_TEXT
from servers.models import BareMetalServer
from tests import forging
from tests.forging import FORGERIES, FORMS, Forgery
from tests.iam.asking import (
    API_KEY,
    ASSUME,
    CR_TOKEN,
    PATH,
    PROFILES,
    REFRESH,
    ask,
    introspected,
    refused,
    token,
    user_info,
)
from tests.iam.conftest import identity_token_of
from tests.iam.forgers import of_iam, of_identity
from tests.watching import nothing_is_called, nothing_is_written
from tests.world import ACCOUNT, World
from trustedprofiles.models import TrustedProfile

pytestmark = pytest.mark.thorough

OPERATIONS: dict[str, tuple[str, str, str]] = {
    "vpc": ("GET", "/v1/bare_metal_servers?version=2025-08-26&generation=2", "unauthenticated"),
    "iam-identity": ("GET", f"/v1/profiles?account_id={ACCOUNT}", "unauthenticated"),
    "iam-identity-write": ("POST", "/v1/profiles", "unauthenticated"),
    "policies": ("GET", f"/v2/policies?account_id={ACCOUNT}", "invalid_token"),
    "resource-groups": ("GET", "/v2/resource_groups", "unauthenticated"),
    "tags": ("GET", "/v3/tags", "unauthenticated"),
    "explain": ("POST", "/_baremint/explain", "unauthenticated"),
}
"""Method, path, and the code of a refusal."""


def call_operation(operation: str, bearer: str) -> Any:
    method, path, _ = OPERATIONS[operation]
    return Client().generic(
        method, path, b"{}", content_type="application/json", headers={"Authorization": f"Bearer {bearer}"}
    )


def assert_refused(answer: Any, operation: str, bearer: str) -> None:
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    body = answer.json()
    assert [each["code"] for each in body["errors"]] == [OPERATIONS[operation][2]]
    assert bearer not in answer.content.decode()


# --- the control plane -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_good_token_that_forgeries_are_made_of_is_accepted(world: World, keys: None, operation: str) -> None:
    assert call_operation(operation, of_iam().good()).status_code != 401


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_iam_token_is_refused_by_every_api_of_the_control_plane(
    world: World, keys: None, forge: Forgery
) -> None:
    bearer = forge(of_iam())
    with nothing_is_written(), nothing_is_called():
        answers = {operation: call_operation(operation, bearer) for operation in OPERATIONS}
    for operation, answer in answers.items():
        assert_refused(answer, operation, bearer)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("make", [forging.expired, forging.retired])
def test_an_expired_iam_token_and_one_of_a_retired_key_are_refused(
    world: World, keys: None, operation: str, make: Forgery
) -> None:
    bearer = make(of_iam())
    with nothing_is_written(), nothing_is_called():
        answer = call_operation(operation, bearer)
    assert_refused(answer, operation, bearer)


@pytest.mark.parametrize(
    ("make", "code"), [(forging.expired, "BXNIM0106E"), (forging.retired, "BXNIM0407E")], ids=["expired", "retired"]
)
def test_the_identity_api_adds_iams_own_code(world: World, keys: None, make: Forgery, code: str) -> None:
    answer = call_operation("iam-identity", make(of_iam()))
    assert answer.json()["errors"][0]["message_code"] == code


MALFORMED = {
    "no-account": {"account": None},
    "account-is-a-text": {"account": ACCOUNT},
    "account-is-empty": {"account": {}},
    "no-subject": {"iam_id": None},
    "no-authn": {"authn": None},
    "a-server-without-a-crn": {"sub_type": "ComputeResource", "authn": {}, "identifier": "Profile-1"},
    "a-profile-that-was-not-assumed": {"sub_type": "Profile", "authn": {}, "identifier": "Profile-1"},
    "a-profile-that-is-gone": {"sub_type": "Profile", "identifier": "Profile-1"},
    "a-service-id-that-is-gone": {"sub_type": "ServiceId", "identifier": "ServiceId-1"},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_token_without_a_valid_subject_is_refused(world: World, keys: None, changes: dict[str, Any]) -> None:
    bearer = of_iam().good(**changes)
    with nothing_is_written():
        assert_refused(call_operation("iam-identity", bearer), "iam-identity", bearer)


# --- the token service -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_identity_token_is_exchanged_for_nothing(
    server: BareMetalServer, profile: TrustedProfile, forge: Forgery
) -> None:
    form = {**CR_TOKEN, "cr_token": forge(of_identity(server)), "profile_id": profile.id}
    with nothing_is_written(), nothing_is_called():
        answer = ask(form)
    assert refused(answer) == _as_refused_by_the_token_service(forge, form["cr_token"])
    assert profile.id not in answer.content.decode()
    assert server.id not in answer.content.decode()


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_iam_token_assumes_nothing(world: World, keys: None, forge: Forgery) -> None:
    form = {**ASSUME, "access_token": forge(of_iam()), "profile_id": "Profile-1"}
    with nothing_is_written(), nothing_is_called():
        answer = ask(form)
    assert refused(answer) == _as_refused_by_the_token_service(forge, form["access_token"])


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_has_no_profiles_is_not_active_and_tells_of_no_user(
    server: BareMetalServer, profile: TrustedProfile, forge: Forgery
) -> None:
    forged = {"cr_token": forge(of_identity(server)), "access_token": forge(of_iam())}
    with nothing_is_written(), nothing_is_called():
        for name, value in forged.items():
            expected = _as_refused_by_the_token_service(forge, value)
            assert refused(ask({name: value}, path=PROFILES), PROFILES) == expected
            if len(value) <= 262_144:
                assert introspected(token=value) == user_info(value).json() == {"active": False}


def _as_refused_by_the_token_service(forge: Forgery, token: str) -> tuple[int, str]:
    """A form of a megabyte is not read at all."""
    if len(token) > 262_144:
        return 400, "BXNIM0109E"
    [name] = [name for name, each in FORGERIES.items() if each is forge]
    if name in NO_TOKENS or len(token) > LONGEST_TOKEN_TEXT:
        return 400, "BXNIM0401E"
    return (400, "BXNIM0405E") if name in FOREIGN else (401, "BXNIM0407E")


NO_TOKENS = {
    *FORMS,
    *("alg-none", "alg-None", "alg-NONE", "alg-nOnE", "alg-", "alg-twice", "header-is-a-list"),
    *("payload-is-a-list", "payload-is-a-text", "payload-is-not-utf-8", "payload-is-deep"),
    *("exp-is-infinite", "exp-twice", "a-member-within-twice"),
}
"""What is not even a JSON web token: three parts of base64url, the first two JSON objects without doubled members."""
FOREIGN = {"wrong-issuer", "issuer-is-a-list", "no-issuer", "payload-is-nothing"}


IDENTITY_CLAIMS: dict[str, Forgery] = {
    "of-another-server": lambda f: f.good(iaas={**f.claims["iaas"], "instanceID": "0717-other"}),
    "of-no-server": lambda f: f.good(iaas={}),
    "server-is-a-list": lambda f: f.good(iaas=[]),
    "server-is-a-number": lambda f: f.good(iaas={"instanceID": 1}),
    "server-is-an-object": lambda f: f.good(iaas={"instanceID": {"a": 1}}),
    "no-iaas": lambda f: f.good(iaas=None),
    "no-audience": lambda f: f.good(aud=None),
    "half-the-audience": lambda f: f.good(aud=f.claims["aud"][:1]),
    "the-audience-backwards": lambda f: f.good(aud=f.claims["aud"][::-1]),
    "the-audience-as-text": lambda f: f.good(aud=f.claims["aud"][0]),
    "another-region": lambda f: f.good(iss="BMS-CR_eu-de"),
    "another-prefix": lambda f: f.good(iss="VSI-CR_us-south"),
}


@pytest.mark.parametrize("forge", IDENTITY_CLAIMS.values(), ids=IDENTITY_CLAIMS.keys())
def test_an_identity_token_that_says_otherwise_is_exchanged_for_nothing(
    server: BareMetalServer, profile: TrustedProfile, forge: Forgery
) -> None:
    form = {**CR_TOKEN, "cr_token": forge(of_identity(server)), "profile_id": profile.id}
    code = (400, "BXNIM0405E") if forge is IDENTITY_CLAIMS["another-prefix"] else (401, "BXNIM0407E")
    with nothing_is_written():
        assert refused(ask(form)) == code
        assert refused(ask({"cr_token": form["cr_token"]}, path=PROFILES), PROFILES) == code


def test_a_retired_key_proves_no_server(server: BareMetalServer, profile: TrustedProfile) -> None:
    form = {**CR_TOKEN, "cr_token": forging.retired(of_identity(server)), "profile_id": profile.id}
    with nothing_is_written():
        assert refused(ask(form)) == (401, "BXNIM0407E")


# --- the wrong kind of token -----------------------------------------------------------------------------------


@pytest.fixture
def bearers(server: BareMetalServer, profile: TrustedProfile, alice_key: str) -> dict[str, str]:
    """One good token, or secret, of each kind."""
    identity = identity_token_of(server)
    login = ask({**API_KEY, "apikey": alice_key}, client="bx:bx")
    return {
        "api-key": alice_key,
        "refresh-token": login.json()["refresh_token"],  # type: ignore[attr-defined]
        "identity-token": identity,
        "iam-token": token(login),
        "iam-token-of-a-server": token(ask({**CR_TOKEN, "cr_token": identity, "profile_id": profile.id})),
    }


OTHER_KINDS = {"api-key": "BXNIM0401E", "refresh-token": "BXNIM0401E", "": "BXNIM0405E"}
USES: dict[str, tuple[set[str], dict[str, str]]] = {
    "apikey": ({"api-key"}, {"": "BXNIM0415E"}),
    "refresh": ({"refresh-token"}, {"api-key": "BXNIM0407E", "": "BXNIM0405E"}),
    "cr-token": ({"identity-token"}, OTHER_KINDS),
    "assume": ({"iam-token", "iam-token-of-a-server"}, OTHER_KINDS),
    "profiles-of-a-server": ({"identity-token"}, OTHER_KINDS),
    "profiles-of-a-bearer": ({"iam-token", "iam-token-of-a-server"}, OTHER_KINDS),
    "control-plane": ({"iam-token", "iam-token-of-a-server"}, {"": "unauthenticated"}),
}
"""Which kinds each use takes, and the code of a refusal of any other."""
KINDS = ("api-key", "refresh-token", "identity-token", "iam-token", "iam-token-of-a-server")


def use(bearer: str, how: str, profile: TrustedProfile) -> tuple[int, str]:
    """Status, and code of a refusal."""
    if how == "control-plane":
        answer = call_operation("iam-identity", bearer)
        return answer.status_code, answer.json()["errors"][0]["code"] if answer.status_code >= 400 else ""
    path = PROFILES if how.startswith("profiles") else PATH
    form = {
        "profiles-of-a-server": {"cr_token": bearer},
        "profiles-of-a-bearer": {"access_token": bearer},
        "apikey": {**API_KEY, "apikey": bearer},
        "refresh": {**REFRESH, "refresh_token": bearer},
        "cr-token": {**CR_TOKEN, "cr_token": bearer, "profile_id": profile.id},
        "assume": {**ASSUME, "access_token": bearer, "profile_id": profile.id},
    }[how]
    answer = ask(form, path=path, client="bx:bx")
    return answer.status_code, "" if answer.status_code == 200 else refused(answer, path)[1]


@pytest.mark.parametrize("how", USES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_token_is_good_for_its_own_use_alone(
    bearers: dict[str, str], profile: TrustedProfile, kind: str, how: str
) -> None:
    accepted_kinds, codes = USES[how]
    code = codes.get(kind, codes[""])
    if kind in accepted_kinds:
        # What is taken may still not be trusted: the profile trusts the server only, and has no policy.
        assert use(bearers[kind], how, profile)[0] in (200, 400, 403)
        assert use(bearers[kind], how, profile)[1] in ("", "BXNIM0398E", "not_authorized")
    else:
        with nothing_is_written():
            status, actual_code = use(bearers[kind], how, profile)
        assert (status, actual_code) == (401 if code in ("BXNIM0407E", "unauthenticated") else 400, code)


@pytest.mark.parametrize("kind", KINDS)
def test_only_iam_tokens_and_api_keys_can_be_active(bearers: dict[str, str], kind: str) -> None:
    active = kind in ("iam-token", "iam-token-of-a-server")
    assert introspected(token=bearers[kind])["active"] is active
    assert user_info(bearers[kind]).json()["active"] is active
    assert introspected(apikey=bearers[kind])["active"] is (kind == "api-key")
