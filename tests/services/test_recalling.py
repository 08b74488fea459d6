"""Builders that are recalled (tests/recalling.py): the same rows at less cost, and never where they would differ."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from controlplane.kernel import clock
from servers.models import BareMetalServer
from tests import recalling
from tests.recalling import Memory, recalled
from tests.rows import read_rows
from tests.world import World, make_account, make_server, make_world
from trustedprofiles.models import Account

pytestmark = pytest.mark.django_db
Built = Callable[[], bool]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """One that knows of nothing yet but the empty database."""
    memory = Memory()
    memory.begin()
    monkeypatch.setattr(recalling, "memory", memory)
    return memory


@pytest.fixture
def built(memory: Memory) -> Built:
    """Asks for an account, as a test of its own would, that is then undone; says whether the builder ran."""
    runs: list[int] = []

    @recalled
    def make(account_id: str) -> Account:
        runs.append(1)
        return make_account(account_id)

    def ask(before: Callable[[], Any] = lambda: None, account_id: str = "c" * 32) -> bool:
        runs.clear()
        with transaction.atomic():
            memory.begin()
            before()
            assert make(account_id) == Account.objects.get(id=account_id)
            transaction.set_rollback(True)
        return bool(runs)

    assert [ask(), ask()] == [True, True]
    return ask


def test_nothing_is_built_from_the_third_time_on(built: Built) -> None:
    assert [built(), built()] == [False, False]


def undone() -> None:
    with transaction.atomic():
        make_account("d" * 32)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda: make_account("d" * 32),
        lambda: clock.follow(lambda last: clock.Setting(offset=timedelta(minutes=1))),
        undone,
    ],
    ids=["a row", "the clock", "a row that was undone"],
)
def test_where_anything_is_otherwise_the_builder_runs(built: Any, otherwise: Callable[[], Any]) -> None:
    assert built(otherwise)


def test_with_other_arguments_the_builder_runs(built: Any) -> None:
    assert built(account_id="d" * 32)


def test_with_other_settings_the_builder_runs(built: Built, settings: Any) -> None:
    settings.BAREMINT_REGION = "eu-de"
    assert built()


def test_what_was_noted_long_ago_is_built_again(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalling, "FRESH_SECONDS", 0)
    assert built()


def test_a_recalled_world_holds_the_same_rows_and_its_values_are_its_own(memory: Memory) -> None:
    worlds: list[tuple[World, BareMetalServer, Any]] = []
    for _ in range(4):
        with transaction.atomic():
            memory.begin()
            world = make_world()
            server = make_server(world.account, name="web-1")
            worlds.append((world, server, read_rows()))
            transaction.set_rollback(True)
    (third, third_server, third_rows), (fourth, fourth_server, fourth_rows) = worlds[2:]
    assert (fourth, fourth_server.id, fourth_rows) == (third, third_server.id, third_rows)
    assert fourth.account is not third.account
