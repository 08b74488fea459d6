"""Rules about the code itself: one clock, small files, names that say something."""

import re
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
OTHER_CLOCKS = re.compile(r"timezone\.now\(|datetime\.utcnow\(|datetime\.now\(|\btime\.time\(|auto_now|Now\(\)")
THE_CLOCK = ROOT / "controlplane" / "kernel" / "clock.py"


@pytest.mark.parametrize("path", [path for path in SOURCES if path != THE_CLOCK], ids=str)
def test_only_the_clock_reads_the_time(path: Path) -> None:
    assert not OTHER_CLOCKS.search(path.read_text())


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_a_file_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_a_file_is_named_for_what_it_knows(path: Path) -> None:
    assert path.name not in NAMELESS
