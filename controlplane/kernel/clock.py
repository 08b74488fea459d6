"""The one place that reads the time. Rules never call it: they take ``now`` as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """The domain's present instant, aware, in UTC."""
    return datetime.now(UTC)
