"""Bad tokens at the metadata service: 401, and nothing else happens, although it is known which server calls."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from servers.models import BareMetalServer
from tests import forging
from tests.build import make_csr
from tests.forging import FORGERIES, Forgery
from tests.iam.forgers import of_iam, of_identity
from tests.inside.program import Inside, error
from tests.watching import nothing_is_called, nothing_is_written
from tests.world import World, make_profile, make_server

pytestmark = [pytest.mark.usefixtures("keys"), pytest.mark.thorough]


def present(inside: Inside, bearer: str) -> list[Any]:
    """At the operations that ask for an identity token."""
    header = {"Authorization": f"Bearer {bearer}"}
    own = f"/metadata/v1/bare_metal_servers/{inside.server.id}"
    return [
        inside.iam_token({}, **header),
        inside.certificate({"csr": make_csr()}, **header),
        inside.call("GET", own, **header),
        inside.call("GET", f"{own}/initialization", **header),
    ]


def assert_refused(inside: Inside, bearer: str) -> None:
    with nothing_is_written(), nothing_is_called():
        answers = present(inside, bearer)
    for answer in answers:
        assert error(answer)[:2] == (401, "unauthenticated")
        assert answer["WWW-Authenticate"] == "Bearer"
        assert bearer not in answer.content.decode()


def test_the_good_token_that_forgeries_are_made_of_is_taken(inside: Inside, world: World) -> None:
    good = of_identity(inside.server).good()
    # There is no default profile.
    assert [answer.status_code for answer in present(inside, good)] == [400, 200, 200, 200]


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_identity_token_is_refused(inside: Inside, forge: Forgery) -> None:
    assert_refused(inside, forge(of_identity(inside.server)))


@pytest.mark.parametrize("make", [forging.expired, forging.retired])
def test_an_expired_identity_token_and_one_of_a_retired_key_are_refused(inside: Inside, make: Forgery) -> None:
    assert_refused(inside, make(of_identity(inside.server)))


def test_an_iam_token_of_the_account_owner_is_refused(inside: Inside) -> None:
    assert_refused(inside, of_iam().good())


def test_an_iam_token_of_the_server_itself_is_refused(inside: Inside, world: World, server: BareMetalServer) -> None:
    profile = make_profile(world.account, linked_to=server)
    assert_refused(inside, inside.iam_token({"trusted_profile": {"id": profile.id}}).json()["access_token"])  # type: ignore[attr-defined]


def test_a_token_of_a_neighbour_is_refused(inside: Inside, world: World) -> None:
    neighbour = make_server(world.account, name="web-2", metadata_enabled=True)
    assert_refused(inside, of_identity(neighbour).good())
    assert_refused(Inside(neighbour), of_identity(inside.server).good())


def test_a_token_of_another_accounts_server_is_refused(inside: Inside, world: World) -> None:
    theirs = make_server(world.other_account, name="web-1", metadata_enabled=True)
    assert_refused(inside, of_identity(theirs).good())
    assert_refused(Inside(theirs), of_identity(inside.server).good())


def test_the_log_says_at_which_server_a_token_was_refused_and_why(inside: Inside) -> None:
    with capture_logs() as logged:
        inside.iam_token({}, Authorization=f"Bearer {forging.expired(of_identity(inside.server))}")
    [entry] = [each for each in logged if each["event"] == "token refused"]
    assert (entry["server"], entry["log_level"]) == (inside.server.id, "warning")
    assert "expired" in entry["reason"]


def test_a_request_without_a_token_writes_nothing(inside: Inside) -> None:
    # D-15
    with nothing_is_written():
        assert error(inside.iam_token({}, X_None="1"))[:2] == (401, "unauthenticated")


def test_a_refused_caller_whose_token_verifies_leaves_an_event(inside: Inside) -> None:
    from tests.inside.program import last_event

    answer = inside.iam_token({})
    assert (last_event().reason_code, answer.status_code) == (400, 400)
