"""Compute the delay of a failed job."""

from datetime import timedelta

FIRST = timedelta(seconds=2)
LONGEST_TRANSIENT = timedelta(seconds=30)
"""A database that was busy or away is soon back."""
LONGEST = timedelta(minutes=5)


def delay(attempt: int, *, transient: bool, chance: float) -> timedelta:
    """Return the delay after ``attempt`` failures in a row, doubled each time up to a limit.

    ``chance``, from 0 to 1, scales it from half to all, so that jobs that failed together do not retry together.
    """
    longest = LONGEST_TRANSIENT if transient else LONGEST
    whole = min(FIRST * 2 ** min(attempt - 1, 16), longest)
    return whole * (0.5 + chance / 2)
