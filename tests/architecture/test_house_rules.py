"""Rules about the code itself: small files, names that say something."""

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
