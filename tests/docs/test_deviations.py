"""docs/deviations.md and the code name the same differences."""

import re
from collections import Counter
from pathlib import Path

from tests.tables import assert_none

ROOT = Path(__file__).resolve().parents[2]
CODE = ("controlplane", "identity", "servers", "trustedprofiles", "tests")
TABLE = Path("docs", "deviations.md")
NUMBER = re.compile(r"\bD-\d{2,3}\b")
ROWS = re.findall(r"^\| (D-\d+) \|", (ROOT / TABLE).read_text(encoding="utf-8"), re.MULTILINE)


def numbers_in(paths: list[Path]) -> dict[str, list[str]]:
    """Each number with the files that name it."""
    files: dict[str, list[str]] = {}
    for path in paths:
        for number in set(NUMBER.findall(path.read_text(encoding="utf-8"))):
            files.setdefault(number, []).append(str(path.relative_to(ROOT)))
    return files


def code() -> list[Path]:
    return [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]


def test_every_difference_is_named_by_the_code_that_causes_it_or_the_test_that_shows_it() -> None:
    numbers = numbers_in(code())
    assert_none([number for number in ROWS if number not in numbers], among=ROWS)


def test_every_number_in_code_and_documents_stands_in_the_table() -> None:
    pages = [path for path in sorted((ROOT / "docs").rglob("*.md")) if path != ROOT / TABLE]
    numbers = numbers_in([*code(), *pages, ROOT / "README.md"])
    assert_none({number: files for number, files in numbers.items() if number not in ROWS}, among=numbers)


def test_no_number_stands_twice_in_the_table() -> None:
    assert_none([number for number, count in Counter(ROWS).items() if count > 1], among=ROWS)
