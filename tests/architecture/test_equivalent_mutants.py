"""``make mutation`` takes long and is run seldom: a change shows here at once which of its exceptions it outdates."""

import ast
import re
import tomllib

from tests.architecture.test_house_rules import ROOT
from tests.tables import assert_none

EQUIVALENT = ROOT / "tests/mutation/equivalent.toml"
NAME = re.compile(r"(?P<path>\S+\.py)(?: (?P<function>\S+))?: (?P<before>.*?) => ", re.DOTALL)


def test_every_equivalent_mutant_changes_lines_that_exist() -> None:
    entries = tomllib.loads(EQUIVALENT.read_text())["equivalent"]
    names = [name for entry in entries for name in entry["mutants"]]
    assert_none([name for name in names if not names_existing_lines(name)], among=names)


def names_existing_lines(name: str) -> bool:
    parts = NAME.match(name)
    assert parts, name
    path = ROOT / parts["path"]
    if not path.is_file():
        return False
    source = path.read_text()
    code = source
    if parts["function"]:
        definitions = [node for node in ast.walk(ast.parse(source)) if getattr(node, "name", None) == parts["function"]]
        code = "\n".join(ast.get_source_segment(source, node) or "" for node in definitions)
    return " ".join(parts["before"].split()) in " ".join(code.split())
