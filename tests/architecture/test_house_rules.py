"""Rules about the code itself: small files, names that say something."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("controlplane", "servers", "identity", "trustedprofiles")
SOURCES = [
    path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts
]
IDS = [str(path.relative_to(ROOT)) for path in SOURCES]
LONGEST_FILE = 300
NAMELESS = {"utils.py", "helpers.py", "common.py", "misc.py"}


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_a_file_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_a_file_is_named_for_what_it_knows(path: Path) -> None:
    assert path.name not in NAMELESS
