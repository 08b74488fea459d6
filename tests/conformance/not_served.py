"""What IBM's live suites ask for that is not served: ``not_served.toml``, by package and call."""

import tomllib
from pathlib import Path

ANSWERED_OTHERWISE = "answered otherwise"
"""Instead of a call: it is served, and answers otherwise than the test wants."""

NOT_SERVED: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parent / "not_served.toml").read_text(encoding="utf-8")
)
"""By package and call (method and path, as the SDK has it): the titles of the tests that fail because of it. A title
stands as often as tests of this title fail."""
