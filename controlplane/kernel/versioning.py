"""``version=YYYY-MM-DD`` and ``generation=2``: required on every VPC and metadata call."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from controlplane.deployment.api_version import API_VERSION
from controlplane.kernel.errors import InvalidValue, InvalidVersionRange, MissingValue, Target

FORM = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_version(query: Mapping[str, str], *, earliest: date) -> date:
    """Parse the API version date, which must be ``earliest`` or later. ``refuse_future`` checks the upper limit.

    Raises MissingValue, InvalidValue, or InvalidVersionRange when the date is before ``earliest``.
    """
    text = query.get("version", "")
    if not text:
        raise MissingValue(
            f"The version query parameter is required. Add version=YYYY-MM-DD, such as version={API_VERSION}.",
            target=Target("version", "parameter"),
        )
    try:
        if not FORM.fullmatch(text):
            raise ValueError
        version = date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(
            "The version query parameter must be a date in the form YYYY-MM-DD.",
            target=Target("version", "parameter", text),
        ) from None
    if version < earliest:
        raise InvalidVersionRange(
            f"The version must be {earliest.isoformat()} or later.",
            target=Target("version", "parameter", text),
        )
    return version


def refuse_future(version: date, *, now: datetime) -> None:
    """Raise InvalidVersionRange when the date is later than the last version."""
    latest = last_version(now)
    if version > latest:
        raise InvalidVersionRange(
            f"The version must be {latest.isoformat()} or earlier.",
            target=Target("version", "parameter", version.isoformat()),
        )


def last_version(now: datetime) -> date:
    """Return tomorrow's date in UTC, the latest valid version date."""
    return now.date() + timedelta(days=1)


def require_generation(query: Mapping[str, str]) -> None:
    """Raise MissingValue or InvalidValue unless the query has ``generation=2``."""
    text = query.get("generation", "")
    if not text:
        raise MissingValue(
            "The generation query parameter is required. Add generation=2.",
            target=Target("generation", "parameter"),
        )
    if text != "2":
        raise InvalidValue("generation must be 2.", target=Target("generation", "parameter", text))
