"""Rules about the code itself: small files, names that say something."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.tables import assert_none

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("controlplane", "servers", "identity", "trustedprofiles")
SOURCES = [
    path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts
]
LONGEST_FILE = 300
NAMELESS = {"utils.py", "helpers.py", "common.py", "misc.py"}


def test_every_file_is_short_enough_to_read() -> None:
    lines = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in SOURCES}
    assert_none({path: count for path, count in lines.items() if count > LONGEST_FILE}, among=SOURCES)


def test_every_file_is_named_for_what_it_knows() -> None:
    assert_none([path.relative_to(ROOT) for path in SOURCES if path.name in NAMELESS], among=SOURCES)


def test_no_message_cuts_what_it_repeats() -> None:
    """A half word, or half a CRN, names something else; ``kernel.text.echoed`` leaves out whole words."""
    breaks = {path.relative_to(ROOT): cut for path in SOURCES if (cut := list(cuts_in_messages(path)))}
    assert_none({path: cut for path, cut in breaks.items() if cut != SHORTENED.get(str(path))}, among=SOURCES)


SHORTENED = {
    "controlplane/console/presenters/jwt.py": ["head[:48]"],  # no token is shown whole
    "controlplane/console/presenters/keys.py": ["kid[:8]"],
    "controlplane/kernel/middleware.py": ["host[:LONGEST_HOST]"],  # of a log line
}
"""Where the beginning is what is meant."""


def cuts_in_messages(path: Path) -> Iterator[str]:
    """The slices in f-strings that leave out the end, of anything but a digest, random text or a first letter."""
    for field in ast.walk(ast.parse(path.read_text())):
        if isinstance(field, ast.FormattedValue):
            for each in ast.walk(field.value):
                if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Slice) and each.slice.upper:
                    whole = isinstance(each.value, ast.Call) or ast.unparse(each.slice.upper) == "1"
                    yield from () if whole else (ast.unparse(each),)
