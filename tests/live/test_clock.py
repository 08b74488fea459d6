"""The movable clock on real processes: what one process is told, all of them live by within a second."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests

from tests.live.operator import Operator, eventually
from tests.live.product import Product
from tests.live.turning import turn_clock

pytestmark = [pytest.mark.live, pytest.mark.e2e]

VERSION = {"version": "2025-08-26"}
SLACK = timedelta(seconds=60)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def aged(request: pytest.FixtureRequest, new_product: Callable[..., Product]) -> Product:
    """A product of its own: moving its clock affects every test that uses it."""
    product = new_product(database=request.param)
    product.start()
    return product


@pytest.fixture(autouse=True)
def clock_is_put_back(aged: Product) -> Iterator[None]:
    yield
    clock(aged, "reset")


MOVEMENTS: dict[str, dict[str, Any]] = {
    "freeze": {"frozen": True},
    "resume": {"frozen": False},
    "reset": {"offset_seconds": 0, "frozen": False},
}


def clock(product: Product, word: str, seconds: int = 0) -> dict[str, Any]:
    return turn_clock(product, **MOVEMENTS.get(word, {"advance_seconds": seconds}))


def token_of(product: Product, seconds: int = 3600) -> str:
    answer = requests.put(
        f"{product.server('web-1')['metadata_url']}/identity/v1/token",
        params=VERSION,
        json={"expires_in": seconds},
        headers={"Metadata-Flavor": "ibm"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def exchange(product: Product, token: str) -> requests.Response:
    """At the metadata service, which verifies the identity token."""
    return requests.post(
        f"{product.server('web-1')['metadata_url']}/identity/v1/iam_tokens",
        params=VERSION,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )


def refused_by_all(ask: Callable[[], requests.Response]) -> str:
    """The refusal that every process gives now: several workers answer in turn."""
    for _ in range(12):
        answer = ask()
        assert answer.status_code == 401, answer.text
    return str(answer.json()["errors"][0]["message"])


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def kids(product: Product) -> set[str]:
    published = requests.get(f"{product.info['iam_url']}/identity/keys", timeout=10).json()["keys"]
    return {key["kid"] for key in published}


def test_an_hour_further_an_identity_token_has_expired_in_the_metadata_service(aged: Product) -> None:
    token = token_of(aged)
    assert exchange(aged, token).status_code == 200
    clock(aged, "advance", 3660)
    assert "it has expired" in refused_by_all(lambda: exchange(aged, token))


def test_a_new_token_is_of_the_new_time(aged: Product) -> None:
    clock(aged, "advance", 7200)
    ahead = datetime.fromtimestamp(claims(token_of(aged))["iat"], UTC) - datetime.now(UTC)
    assert abs(ahead - timedelta(hours=2)) < SLACK


def test_a_day_further_keys_are_handed_over_and_all_that_is_signed_verifies(aged: Product) -> None:
    before = token_of(aged)
    published = kids(aged)
    clock(aged, "advance", 25 * 3600)
    eventually(lambda: jwt.get_unverified_header(token_of(aged))["kid"] != jwt.get_unverified_header(before)["kid"])
    eventually(lambda: kids(aged) - published)
    assert published <= kids(aged)
    assert exchange(aged, token_of(aged)).status_code == 200


def test_a_frozen_clock_lets_nothing_expire(aged: Product) -> None:
    frozen_time = clock(aged, "freeze")["now"]
    token = token_of(aged, seconds=5)
    time.sleep(6)
    assert exchange(aged, token).status_code == 200
    assert clock(aged, "freeze")["now"] == frozen_time
    clock(aged, "advance", 5)
    assert "it has expired" in refused_by_all(lambda: exchange(aged, token))


def test_a_resumed_clock_runs_on_and_tokens_expire_again(aged: Product) -> None:
    clock(aged, "freeze")
    token = token_of(aged, seconds=5)
    clock(aged, "resume")
    eventually(lambda: exchange(aged, token).status_code == 401)
    assert "it has expired" in refused_by_all(lambda: exchange(aged, token))


def test_going_back_brings_tokens_back_to_life_and_new_ones_are_issued(aged: Product) -> None:
    token = token_of(aged)
    clock(aged, "advance", 25 * 3600)
    refused_by_all(lambda: exchange(aged, token))
    assert exchange(aged, token_of(aged)).status_code == 200
    clock(aged, "reset")
    assert exchange(aged, token).status_code == 200
    assert exchange(aged, token_of(aged)).status_code == 200


def test_a_server_that_was_begun_in_a_time_taken_back_does_not_wait_for_it(aged: Product) -> None:
    clock(aged, "advance", 3600)
    operator = Operator(aged.info)
    server = operator.vpc.create_bare_metal_server(operator.prototype()).get_result()
    clock(aged, "reset")
    Operator(aged.info).await_status(server["id"], "running")


def test_servers_of_a_frozen_clock_stay_pending_until_it_is_advanced(aged: Product) -> None:
    clock(aged, "freeze")
    operator = Operator(aged.info)
    server = operator.vpc.create_bare_metal_server(operator.prototype()).get_result()
    time.sleep(2)
    assert operator.vpc.get_bare_metal_server(server["id"]).get_result()["status"] == "pending"

    def advanced_to_running() -> bool:
        clock(aged, "advance", 1)
        actual_server: dict[str, Any] = operator.vpc.get_bare_metal_server(server["id"]).get_result()
        return actual_server["status"] == "running"

    assert eventually(advanced_to_running, seconds=30)


def test_the_command_says_how_the_clock_differs(aged: Product) -> None:
    assert "as the machine's clock" in aged.run("clock")
    assert "1h 30m ahead of the machine's clock" in aged.run("clock", "advance", "90m")
    process = aged.attempt("clock", "set", "1999-01-01T00:00:00Z")
    assert process.returncode == 1
    assert "when the root certificate became valid" in process.stderr
