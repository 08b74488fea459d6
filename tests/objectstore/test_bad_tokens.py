"""Bad tokens at the object store: 401, nothing is written, and nothing but IAM is called."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from servers.models import BareMetalServer
from tests import forging
from tests.forging import FORGERIES, Forgery
from tests.iam.forgers import of_iam, of_identity
from tests.objectstore.store import Store, refused
from tests.watching import nothing_is_called, nothing_is_written
from tests.world import World, make_server

pytestmark = pytest.mark.thorough


def assert_refused(url: str, bearer: str) -> None:
    iam = urlsplit(url)
    store = Store(bearer)
    with nothing_is_written(), nothing_is_called((str(iam.hostname), int(iam.port or 0))):
        answers = [store("PUT", "/my-bucket"), store("GET", "/")]
    for answer in answers:
        assert refused(answer) == (401, "InvalidToken")
        assert bearer not in answer.content.decode()


def test_the_good_token_that_forgeries_are_made_of_is_taken(iam: World) -> None:
    assert Store(of_iam().good())("GET", "/").status_code == 200


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_is_refused(iam: World, control_plane: str, forge: Forgery) -> None:
    assert_refused(control_plane, forge(of_iam()))


@pytest.mark.parametrize("make", [forging.expired, forging.retired])
def test_an_expired_iam_token_and_one_of_a_retired_key_are_refused(
    iam: World, control_plane: str, make: Forgery
) -> None:
    assert_refused(control_plane, make(of_iam()))


def test_a_key_that_was_retired_after_the_store_had_read_it_is_refused_by_iam(iam: World, control_plane: str) -> None:
    Store(of_iam().good())("GET", "/")
    assert_refused(control_plane, forging.retired(of_iam()))


def test_an_identity_token_is_refused(iam: World, control_plane: str) -> None:
    server: BareMetalServer = make_server(iam.account, name="web-1", metadata_enabled=True)
    assert_refused(control_plane, of_identity(server).good())


@pytest.mark.parametrize("changes", [{"sub_type": "Profile", "identifier": "Profile-1"}, {"sub_type": "ServiceId"}])
def test_a_bearer_that_is_gone_is_refused_by_iam(iam: World, control_plane: str, changes: dict[str, Any]) -> None:
    assert_refused(control_plane, of_iam(**changes).good())
