"""The HTTP server starts workers that died again; only what can be nothing but a fault of the program ends it."""

import pytest

from controlplane.operations.supervisor.httpserver import Respawns

NOW = 1000.0
GRANIANS_LIMIT = 5.5


def is_taken_for_a_loop(deaths: list[float]) -> bool:
    """As Granian asks, when the worker that was started again last dies now."""
    respawns = Respawns()
    for instant in deaths:
        respawns.clear()  # as Granian does, before each
        respawns[0] = instant
    return NOW - respawns.get(0, 0) <= GRANIANS_LIMIT


def test_a_worker_that_is_killed_again_and_again_is_started_again_and_again() -> None:
    assert not is_taken_for_a_loop([NOW - seconds for seconds in (6, 4, 2)])


def test_a_worker_that_dies_as_fast_as_it_is_started_is_taken_for_a_loop() -> None:
    assert is_taken_for_a_loop([NOW - seconds for seconds in range(Respawns.MOST, 0, -1)])


@pytest.mark.parametrize("between", [3, 60, 3600])
def test_deaths_that_are_far_apart_are_no_loop(between: int) -> None:
    assert not is_taken_for_a_loop([NOW - number * between for number in range(2 * Respawns.MOST, 0, -1)])
