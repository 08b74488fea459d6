"""docs/iam.md lists the codes of the token service: each is answered by something, and nothing else is."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from controlplane.kernel import clock, envelopes
from controlplane.kernel.errors import ProfileNotLinked
from identity.models import RefreshToken
from servers.models import BareMetalServer
from tests import forging
from tests.iam.asking import API_KEY, ASSUME, CR_TOKEN, PATH, REFRESH, USERINFO, ask, refused
from tests.iam.conftest import identity_token_of
from tests.iam.forgers import of_iam, of_identity
from tests.world import World, make_profile

PAGE = Path(__file__).resolve().parents[2] / "docs" / "iam.md"
DOCUMENTED = {code: int(status) for code, status in re.findall(r"^\| `(BXNIM\w+)` \| (\d+) \|", PAGE.read_text(), re.M)}


def _exchange(world: World, server: BareMetalServer, selector: dict[str, str]) -> Any:
    return ask({**CR_TOKEN, "cr_token": identity_token_of(server), **selector})


def _expired_session(world: World, key: str) -> Any:
    session = ask({**API_KEY, "apikey": key}, client="bx:bx").json()["refresh_token"]  # type: ignore[attr-defined]
    RefreshToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    return ask({**REFRESH, "refresh_token": session}, client="bx:bx")


ASKED: dict[str, Callable[[World, BareMetalServer, str], Any]] = {
    "BXNIM0109E": lambda world, server, key: _exchange(world, server, {}),
    "BXNIM0415E": lambda world, server, key: ask({**API_KEY, "apikey": f"{key}x"}),
    "BXNIM0398E": lambda world, server, key: _exchange(world, server, {"profile_id": make_profile(world.account).id}),
    "BXNIM0397E": lambda world, server, key: _exchange(world, server, {"profile_name": "unknown"}),
    "BXNIM0407E": lambda world, server, key: ask(
        {**ASSUME, "access_token": of_iam().made(), "profile_id": "Profile-1"}
    ),
    "BXNIM0401E": lambda world, server, key: ask({**ASSUME, "access_token": "no-token", "profile_id": "Profile-1"}),
    "BXNIM0405E": lambda world, server, key: ask(
        {**ASSUME, "access_token": of_identity(server).good(), "profile_id": "Profile-1"}
    ),
    "BXNIM0106E": lambda world, server, key: ask({**API_KEY, "apikey": key, "response_type": "cloud_iam,uaa"}),
    "BXNIM0060E": lambda world, server, key: Client().get(PATH),
    "BXNIM0308E": lambda world, server, key: Client().get(USERINFO),
    "BXNIM0408E": lambda world, server, key: _expired_session(world, key),
    "BXNIM0136E": lambda world, server, key: ask({**API_KEY, "apikey": key}, client="unknown:unknown"),
}


@pytest.mark.parametrize(("code", "status"), DOCUMENTED.items())
def test_a_documented_code_is_answered_with_its_status(
    world: World, server: BareMetalServer, alice_key: str, code: str, status: int
) -> None:
    # D-59
    path = USERINFO if code == "BXNIM0308E" else PATH
    assert refused(ASKED[code](world, server, alice_key), path) == (status, code)


NOT_VALID: dict[str, Callable[[World], Any]] = {
    "forged": lambda world: ask({**ASSUME, "access_token": of_iam().made(), "profile_id": "Profile-1"}),
    "unknown-session": lambda world: ask({**REFRESH, "refresh_token": "unknown"}, client="bx:bx"),
    "retired-key": lambda world: ask({**ASSUME, "access_token": forging.retired(of_iam()), "profile_id": "Profile-1"}),
}


@pytest.mark.parametrize("asked", NOT_VALID.values(), ids=NOT_VALID)
def test_the_message_of_a_code_is_the_same_for_every_cause(
    world: World, alice_key: str, asked: Callable[[World], Any]
) -> None:
    answer = asked(world)
    assert refused(answer) == (401, "BXNIM0407E")
    assert answer.json()["errorMessage"] == "Provided token is not valid."
    assert answer.json()["errorDetails"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_code_that_these_tests_know_is_documented() -> None:
    codes = {
        code
        for path in Path(__file__).parent.glob("test_*.py")
        for code in re.findall(r"BXNIM\d{4}E", path.read_text())
    }
    assert codes - {"BXNIM0513E"} == set(DOCUMENTED)  # which is our own fault, and no refusal


def test_the_page_describes_the_errors_members() -> None:
    text = PAGE.read_text()
    refusal = envelopes.token(ProfileNotLinked("x", details="y", more_info="z"), "t")
    assert [name for name in (*refusal, *refusal["context"]) if f"`{name}`" not in text] == []
