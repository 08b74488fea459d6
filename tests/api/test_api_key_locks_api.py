"""Locking, disabling and deleting API keys."""

import pytest

from identity.models import ApiKey
from tests.api.apikeys import KEYS, make_key
from tests.api.calling import call, refusal
from tests.tables import alone, check_each
from tests.world import MALLORY

pytestmark = pytest.mark.usefixtures("world")

FORBIDDEN_WHILE_LOCKED = {
    "change": ("PUT", "", {"name": "new"}),
    "delete": ("DELETE", "", None),
    "disable": ("POST", "/disable", None),
    "enable": ("DELETE", "/disable", None),
}


@pytest.mark.parametrize("name", FORBIDDEN_WHILE_LOCKED)
def test_a_locked_api_key_cannot_be_changed_or_deleted(name: str) -> None:
    method, suffix, body = FORBIDDEN_WHILE_LOCKED[name]
    path = f"{KEYS}/{make_key()['id']}"
    assert call("POST", f"{path}/lock").status_code == 204
    answer = call(method, f"{path}{suffix}", body, If_Match="*")
    assert refusal(answer) == (409, "conflict")
    assert f"DELETE {path}/lock" in answer.json()["errors"][0]["message"]
    assert ApiKey.objects.get().revision == 2


@pytest.mark.parametrize("name", FORBIDDEN_WHILE_LOCKED)
def test_an_unlocked_api_key_can_be_changed_and_deleted(name: str) -> None:
    method, suffix, body = FORBIDDEN_WHILE_LOCKED[name]
    path = f"{KEYS}/{make_key(headers={'Entity_Lock': 'true'})['id']}"
    assert call("DELETE", f"{path}/lock").status_code == 204
    assert call(method, f"{path}{suffix}", body, If_Match="*").status_code in (200, 204)


@pytest.mark.parametrize(("switch", "name"), [("lock", "locked"), ("disable", "disabled")])
def test_a_switch_is_thrown_back_and_forth_and_again(switch: str, name: str) -> None:
    path = f"{KEYS}/{make_key()['id']}"
    flags = []
    for method in ("POST", "POST", "DELETE", "DELETE"):
        answer = call(method, f"{path}/{switch}")
        assert (answer.status_code, answer.content) == (204, b"")
        flags.append(call("GET", path).json()[name])
    assert flags == [True, True, False, False]


def test_a_switch_changes_the_entity_tag() -> None:
    key = make_key()
    call("POST", f"{KEYS}/{key['id']}/disable")
    assert refusal(call("PUT", f"{KEYS}/{key['id']}", {"name": "new"}, If_Match=key["entity_tag"]))[0] == 412


def test_a_deleted_api_key_is_gone() -> None:
    path = f"{KEYS}/{make_key()['id']}"
    answer = call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert refusal(call("GET", path)) == (404, "not_found")


PATHS = [("GET", ""), ("PUT", ""), ("DELETE", ""), *((m, s) for s in ("/lock", "/disable") for m in ("POST", "DELETE"))]


def test_an_unknown_api_key_is_not_found() -> None:
    def check(case: tuple[str, str]) -> None:
        method, suffix = case
        body = {"name": "x"} if method == "PUT" else None
        assert refusal(call(method, f"{KEYS}/ApiKey-unknown{suffix}", body, If_Match="junk")) == (404, "not_found")

    check_each(PATHS, alone(check))


def test_another_accounts_api_key_is_not_found() -> None:
    def check(case: tuple[str, str]) -> None:
        method, suffix = case
        path = f"{KEYS}/{make_key()['id']}{suffix}"
        body = {"name": "x"} if method == "PUT" else None
        assert refusal(call(method, path, body, caller=MALLORY, If_Match="*")) == (404, "not_found")
        assert ApiKey.objects.get().revision == 1

    check_each(PATHS, alone(check))
