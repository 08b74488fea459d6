"""A route is described in the package that serves it; ``controlplane/apidocs`` renders what it finds."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from controlplane.apidocs.permissions.table import permissions
from controlplane.apidocs.routes import CONTROL_PLANE, METADATA_SERVICE, declared_parameters, described_routes
from tests.tables import assert_none

ROOT = Path(__file__).resolve().parents[2]
RENDERING = sorted((ROOT / "controlplane/apidocs").rglob("*.py"))
OF_OPENAPI = {"date", "default", "description", "format", "name", "type", "version"}
"""Words of OpenAPI and JSON Schema that are names of parameters too."""
OF_PROSE = {"action", "crn"}
"""Terms that stand in headings and summaries."""


def operation_names() -> set[str]:
    specs = [spec for urlconf in (CONTROL_PLANE, METADATA_SERVICE) for _, spec in described_routes(urlconf)]
    return {each.operation.name for each in permissions()} | {each.name for each in specs}


def names_in(path: Path, names: set[str]) -> Iterator[str]:
    """Those of the names that the strings of a file mention, its docstrings included. A name of one word counts
    where it is a whole string."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = {word for word in re.findall(r"[\w.-]+", node.value) if not word.isalpha()}
            yield from sorted((words | {node.value}) & names)


def test_the_api_documentation_names_no_operation_and_no_parameter_of_another_package() -> None:
    names = operation_names() | {str(each) for each in declared_parameters()} - OF_OPENAPI - OF_PROSE
    mentions = {path.relative_to(ROOT): match for path in RENDERING if (match := list(names_in(path, names)))}
    assert_none(mentions, among=RENDERING)


def test_a_name_in_the_package_that_serves_the_route_is_noticed() -> None:
    names = {"list_vpcs", "classic_access", "limit"}
    assert {*names_in(ROOT / "servers/api/vpcs.py", names)} == {"list_vpcs", "classic_access"}


def test_an_operation_declares_each_query_parameter_once() -> None:
    """A second declaration could contradict the first."""
    repeated = {
        each.operation.name: names
        for each in permissions()
        if len(names := [str(name) for name in each.operation.query]) != len(set(names))
    }
    assert_none(repeated, among=permissions())
