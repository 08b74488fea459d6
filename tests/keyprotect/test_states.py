"""The states of a key, and the waiting times."""

from datetime import UTC, datetime, timedelta

import pytest

from controlplane.keyprotect.errors import InvalidState, TooEarly
from controlplane.keyprotect.states import State, elapsed, require_elapsed, require_state, state_at

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TABLE = {
    "wrap": {1},
    "unwrap": {1, 3},
    "rewrap": {1, 3},
    "rotate": {1, 3},
    "disable": {1},
    "enable": {2},
    "restore": {5},
    "purge": {5},
    "list versions of": {1},
    "change": {1, 2, 3},
}
"""Contract section 2.7."""


@pytest.mark.parametrize("operation", TABLE)
@pytest.mark.parametrize("state", State)
def test_an_operation_is_possible_in_the_states_of_the_table(operation: str, state: State) -> None:
    if state in TABLE[operation]:
        require_state(operation, state)
        return
    with pytest.raises(InvalidState, match=f"its state is {state.value}"):
        require_state(operation, state)


@pytest.mark.parametrize(
    ("state", "expires_in", "expected"),
    [(1, 1, 1), (1, 0, 3), (1, -1, 3), (1, None, 1), (2, -1, 2), (3, 1, 3), (5, -1, 5)],
)
def test_an_active_key_is_deactivated_from_its_expiration_date_on(
    state: int, expires_in: int | None, expected: int
) -> None:
    expires_at = None if expires_in is None else NOW + expires_in * SECOND
    assert state_at(State(state), expires_at, NOW) == expected


def test_a_clock_that_was_moved_back_shortens_no_waiting_time() -> None:
    assert elapsed(NOW, NOW - timedelta(days=9)) == timedelta()
    with pytest.raises(TooEarly):
        require_elapsed(SECOND, since=NOW, now=NOW - timedelta(days=9), refusal="later")


def test_a_waiting_time_ends_exactly_when_it_has_passed() -> None:
    with pytest.raises(TooEarly, match="Please wait and try again: later"):
        require_elapsed(30 * SECOND, since=NOW, now=NOW + 29 * SECOND, refusal="later")
    require_elapsed(30 * SECOND, since=NOW, now=NOW + 30 * SECOND, refusal="later")
