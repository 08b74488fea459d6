"""What IBM's live suites ask for that is not served: ``not_served*.toml``, by package and call."""

import tomllib
from dataclasses import dataclass
from datetime import date as Date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ANSWERED_OTHERWISE = "answered otherwise"
"""Instead of a call: it is served, and answers otherwise than the test wants."""

NotServed = dict[str, dict[str, list[str]]]
"""By package and call (method and path, as the SDK has it): the titles of the tests that fail because of it. A title
stands as often as tests of this title fail."""


@dataclass(frozen=True)
class Recorded:
    """The suites of an SDK whose package comes without them, as they went when they were run by hand."""

    language: str
    date: Date
    package: str
    """Name and version of the released package."""
    repository: str
    """Where the tests are."""
    tests: str
    commit: str
    """Which version of them."""
    ran: dict[str, int]
    """How many tests each suite has."""
    failed: NotServed

    def passed(self, suite: str) -> int:
        return self.ran[suite] - sum(map(len, self.failed.get(suite, {}).values()))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


NOT_SERVED: NotServed = _read("not_served.toml")
"""Of the Go SDK."""
RECORDED = tuple(Recorded(each, **_read(f"not_served_{each.lower()}.toml")) for each in ("Python", "Node"))
EVERY_LIST = (NOT_SERVED, *(each.failed for each in RECORDED))
