"""How long a job that failed is left alone: arithmetic."""

from datetime import timedelta

FIRST = timedelta(seconds=2)
LONGEST_TRANSIENT = timedelta(seconds=30)
"""A database that was busy or away is soon back."""
LONGEST = timedelta(minutes=5)


def delay(attempt: int, *, transient: bool, chance: float) -> timedelta:
    """After so many failures in a row: doubled each time, up to a limit; ``chance``, from 0 to 1, spreads it from half
    of that to all of it, so that those who failed together do not come back together."""
    longest = LONGEST_TRANSIENT if transient else LONGEST
    whole = min(FIRST * 2 ** min(attempt - 1, 16), longest)
    return whole * (0.5 + chance / 2)
