"""How long a job that failed is left alone."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from controlplane.activity.job_backoff import FIRST, LONGEST, LONGEST_TRANSIENT, delay

attempts = st.integers(1, 10_000)
chances = st.floats(0, 1)


def test_the_wait_doubles_with_each_failure() -> None:
    waits = [delay(attempt, transient=False, chance=1).total_seconds() for attempt in (1, 2, 3, 4)]
    assert waits == [2, 4, 8, 16]


def test_a_database_that_was_away_is_asked_again_sooner() -> None:
    assert delay(20, transient=True, chance=1) == LONGEST_TRANSIENT
    assert delay(20, transient=False, chance=1) == LONGEST


def test_jobs_that_failed_together_are_not_retried_together() -> None:
    assert delay(3, transient=True, chance=0) == delay(3, transient=True, chance=1) / 2


@given(attempt=attempts, transient=st.booleans(), chance=chances)
def test_no_wait_is_shorter_than_half_the_first_or_longer_than_the_longest(
    attempt: int, transient: bool, chance: float
) -> None:
    wait = delay(attempt, transient=transient, chance=chance)
    assert FIRST / 2 <= wait <= (LONGEST_TRANSIENT if transient else LONGEST)
    assert wait > timedelta(0)
