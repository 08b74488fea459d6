"""docs/keys.md says the times that the product keeps."""

from pathlib import Path

import pytest

from identity.key_periods import configured_key_times
from identity.key_schedule import Purpose

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "keys.md").read_text()
TIMES = PAGE.partition("## Times")[2]
COLUMNS: dict[Purpose, tuple[str, str, str]] = {
    "iam": ("24 h", "7 min", "67 min"),
    "tls": ("16 h", "not needed", "24 h and 2 min"),
    "intermediate": ("30 days", "62 min", "25 h"),
    "root": ("1095 days", "7 days", "91 days"),
}


@pytest.mark.parametrize("purpose", COLUMNS)
def test_the_table_of_times_says_what_the_policies_are(purpose: Purpose) -> None:
    [row] = [line for line in TIMES.splitlines() if line.startswith("|") and f"`{purpose}`" in line.split("|")[1]]
    _, _, signs, before, after, *_ = row.split("|")
    times = configured_key_times()[purpose]
    moments = (signs, before, after)
    for column, cell, time in zip(
        COLUMNS[purpose], moments, (times.period, times.publish_before, times.verify_after), strict=True
    ):
        assert column in cell
        assert _in_words(time.total_seconds()) in (column, column.replace("not needed", "0 min"))


def _in_words(seconds: float) -> str:
    """As the page rounds it: whole days beyond two, hours beyond two, with minutes where they matter."""
    days, hours, minutes = seconds // 86_400, seconds // 3600, seconds / 60
    if days > 2:
        return f"{days:.0f} days"
    if hours < 2:
        return f"{minutes:.0f} min"
    rest = minutes - 60 * hours
    return f"{hours:.0f} h and {rest:.0f} min" if hours == 24 and rest else f"{hours:.0f} h"
