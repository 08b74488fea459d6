"""Switches of the operator, as a program inside sees them that asks again and again."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.lab.stepping import Lab
from tests.live.operator import NEW, Operator, eventually

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]

ONE_SECOND = 1.0
LOOP = """
    while True:
        began = time.monotonic()
        say([began, code({call})])
        time.sleep(0.05)
"""
EXCHANGE = (
    "ask('http://169.254.169.254/identity/v1/iam_tokens?version=" + NEW + "', 'POST', "
    "Authorization='Bearer ' + ask()[1].get('access_token', 'none'))"
)


class Loop:
    """A program inside; its clock and ours are the same (CLOCK_MONOTONIC)."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self) -> tuple[float, list[Any]]:
        began, answer = json.loads(next(self._lines))
        return began, answer

    def awaits(self, answer: list[Any]) -> None:
        while self.next()[1] != answer:
            pass

    def asked_after(self, instant: float) -> list[Any]:
        """The first answer to a question that was asked after an instant."""
        while True:
            began, answer = self.next()
            if began > instant:
                return answer


@contextmanager
def loop_in(lab: Lab, server: dict[str, Any], call: str = "ask()") -> Iterator[Loop]:
    with lab.running(server["id"], LOOP.replace("{call}", call)) as program:
        assert program.stdout
        yield Loop(iter(program.stdout))


@pytest.fixture
def server(lab: Lab, operator: Operator) -> dict[str, Any]:
    """A server of the test's own, with the service on and a default trusted profile."""
    profile = operator.create_profile()
    new_server = operator.create_server(default_trusted_profile={"target": {"id": profile["id"]}, "auto_link": True})
    operator.switch(new_server["id"], enabled=True)
    lab.await_server(new_server["id"])
    return {**new_server, "profile": profile}


Toggle = Callable[[Operator, dict[str, Any]], object]
# What is done, how the program asks, and what it is told from then on.
TOGGLES: dict[str, tuple[Toggle, str, list[Any]]] = {
    "disabling": (
        lambda operator, server: operator.switch(server["id"], enabled=False),
        "ask()",
        [403, "unauthorized"],
    ),
    "http-to-https": (
        lambda operator, server: operator.switch(server["id"], protocol="https"),
        "ask()",
        [403, "unauthorized"],
    ),
    "unlinking": (
        lambda operator, server: unlink(operator, server["profile"]),
        EXCHANGE,
        [400, "profile_not_linked"],
    ),
}


def unlink(operator: Operator, profile: dict[str, Any]) -> None:
    for link in operator.iam.list_links(profile["id"]).get_result()["links"]:
        operator.iam.delete_link(profile["id"], link["id"])


@pytest.mark.parametrize("name", TOGGLES)
def test_a_toggle_bites_within_a_second(lab: Lab, operator: Operator, server: dict[str, Any], name: str) -> None:
    toggle, call, refusal = TOGGLES[name]
    with loop_in(lab, server, call) as loop:
        loop.awaits([200, ""])
        toggle(operator, server)
        switch_time = time.monotonic()
        assert loop.asked_after(switch_time + ONE_SECOND) == refusal


def test_switching_on_again_is_seen_within_a_second(lab: Lab, operator: Operator, server: dict[str, Any]) -> None:
    operator.switch(server["id"], enabled=False)
    with loop_in(lab, server) as loop:
        loop.awaits([403, "unauthorized"])
        operator.switch(server["id"], enabled=True)
        assert loop.asked_after(time.monotonic() + ONE_SECOND) == [200, ""]


def test_deleting_the_server_ends_answers_and_then_the_programs_in_it(
    lab: Lab, operator: Operator, server: dict[str, Any]
) -> None:
    operator.vpc.stop_bare_metal_server(server["id"], type="hard")
    operator.await_status(server["id"], "stopped")
    with loop_in(lab, server) as loop:
        loop.awaits([200, ""])
        operator.vpc.delete_bare_metal_server(server["id"])
        switch_time = time.monotonic()
        answered = [began for began, answer in iter_until_end(loop) if answer == [200, ""]]
    assert not [began for began in answered if began > switch_time + ONE_SECOND]
    assert eventually(lambda: lab.entry(server["id"]) is None)


def iter_until_end(loop: Loop) -> Iterator[tuple[float, list[Any]]]:
    """Everything said until the program is ended, which its server's end does."""
    try:
        while True:
            yield loop.next()
    except StopIteration:
        return
