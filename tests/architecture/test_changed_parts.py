"""``make changed`` runs every part that imports what was changed."""

import ast
from functools import cache
from pathlib import Path

from tests.suite.changed import touched
from tests.suite.parts import PARTS

ROOT = Path(__file__).resolve().parents[2]


def test_a_change_of_a_file_touches_every_part_whose_tests_import_it() -> None:
    importers: dict[str, set[str]] = {}
    for part in PARTS:
        files = [file for folder in part.folders for file in (ROOT / folder).rglob("*.py")]
        for file in [*files, ROOT / "tests/conftest.py"] if files else []:
            for path in everything_it_imports(file):
                importers.setdefault(path, set()).add(part.name)
    assert importers["tests/world.py"] >= {"unit", "postgres"}

    left_out = {path: parts - set(touched([path])) for path, parts in importers.items()}

    assert {path: parts for path, parts in left_out.items() if parts} == {}


def everything_it_imports(file: Path) -> set[str]:
    """The files of the tests that it imports, directly or not, and itself; as paths in the repository."""
    reached, new = set(), {file}
    while new:
        reached |= new
        new = {each for file in new for each in imports(file)} - reached
    return {str(each.relative_to(ROOT)) for each in reached}


@cache
def imports(file: Path) -> frozenset[Path]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    paths = (ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in names if name.startswith("tests."))
    return frozenset(path for path in paths if path.is_file())
