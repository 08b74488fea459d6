"""The one place that reads the time. Rules never call it: they take ``now`` as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """The domain's present instant, aware, in UTC."""
    return datetime.now(UTC)


def wall_clock() -> datetime:
    """The real present instant, in UTC. Only for what strangers judge by their own clocks: how long certificates are
    valid in TLS handshakes, which no clock of ours can move."""
    return datetime.now(UTC)
