"""A process imports what it needs, for what it imports costs each of them time and memory at every start."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from controlplane.kernel.blocked_imports import unavailable
from tests.architecture.test_house_rules import PACKAGES, SOURCES
from tests.live.product import ROOT, clean_environment
from tests.tables import assert_none

PROGRAM = """
import sys
import django
django.setup()
{code}
print(*sys.modules, sep="\\n")
"""
PRELOAD = "from controlplane.operations.up import preloading; preloading.load_everything()"
ASKED_FOR = {
    "psycopg": "by a database on PostgreSQL",
    "redis": "when the broker is asked something, or sent a task",
    "prometheus_client": "by /metrics",
    "drf_spectacular.drainage": "by /docs and /docs/openapi.json",
    "drf_spectacular.generators": "by /docs and /docs/openapi.json",
    "drf_spectacular.openapi": "by /docs and /docs/openapi.json",
    "drf_spectacular.plumbing": "by /docs and /docs/openapi.json",
    "drf_spectacular.utils": "by /docs and /docs/openapi.json",
    "controlplane.apidocs.document": "by /docs and /docs/openapi.json",
    "controlplane.apidocs.page": "by /docs",
    "controlplane.apidocs.rendered": "by /docs and /docs/openapi.json",
    "rest_framework.test": "by tests",
    "django.test": "by tests",
    "requests": "by tests",
    "rich": "by tests",
    "greenlet": "by tests",
    "yaml": "by /docs and /docs/openapi.json",
}
"""Modules that wait for something, and what they wait for."""


@pytest.mark.parametrize("process", ["settings urls", "settings_inside urls_inside"])
def test_what_waits_to_be_asked_for_is_not_imported_at_a_start_on_sqlite(process: str, tmp_path: Path) -> None:
    settings, urls = (f"controlplane.{name}" for name in process.split())
    imported = imported_by(f"import controlplane.celery, {urls}", settings, home=tmp_path)
    assert urls in imported
    assert_none(
        {name: f"waits to be asked for, {by}" for name, by in ASKED_FOR.items() if name in imported}, among=imported
    )


def test_up_loads_the_client_of_the_broker_for_its_worker_and_nothing_else_that_waits(tmp_path: Path) -> None:
    imported = imported_by(PRELOAD, "controlplane.settings", home=tmp_path)
    assert {"celery.worker.consumer", "controlplane.urls", "controlplane.urls_inside"} <= imported
    assert imported & ASKED_FOR.keys() == {"redis"}


def imported_by(code: str, settings: str, *, home: Path) -> set[str]:
    environment = {**clean_environment(), "BAREMINT_HOME": str(home), "DJANGO_SETTINGS_MODULE": settings}
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(code=code)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(process.stdout.split())


def test_a_package_is_unavailable_only_for_as_long_as_it_was_asked_to_be() -> None:
    before = dict(sys.modules)
    with unavailable("pytest", "colorsys"):
        with pytest.raises(ImportError):
            import colorsys
        with pytest.raises(ImportError):
            import_module("pytest")  # imported before, and unavailable from now on
    assert sys.modules == before
    import colorsys

    assert colorsys.rgb_to_hls(0, 0, 0) == (0, 0, 0)


INSIDE_FUNCTIONS = {
    "models are not loaded before": {
        "controlplane/operations/apps.py": {
            "controlplane.celery",
            "controlplane.objectstore.models.bucket_crn",
            "trustedprofiles.services.tags.forget",
        },
        "controlplane/timekeeping/apps.py": {"controlplane.timekeeping.selectors.read_setting"},
        "controlplane/kernel/restframework.py": {"rest_framework.compat"},
        "identity/apps.py": {"identity.checks", "identity.receivers"},
    },
    "most starts do without": {
        "controlplane/apidocs/views.py": {"controlplane.apidocs.rendered"},
        "controlplane/celery.py": {"celery.worker.state"},
        "controlplane/cli/vpc/initialization_commands.py": {"controlplane.cli.vpc.passwords.PrivateKey"},
        "controlplane/jobs/broker.py": {"redis"},
        "controlplane/lab/service.py": {"controlplane.lab.lab_process.LabProcess"},
        "controlplane/observability/metrics/views.py": {"controlplane.observability.metrics.exposition"},
        "controlplane/operations/commands/data_directory.py": {"controlplane.cli.vpc.commands.changes_something"},
        "controlplane/operations/commands/without_django.py": {
            "controlplane.deployment.variables",
            "controlplane.operations.commands.help_page",
            "controlplane.operations.commands.help_page.help_text",
            "controlplane.operations.commands.rest_source.RestSource",
            "controlplane.operations.commands.rest_source.SourceUnavailable",
            "controlplane.operations.commands.up_down.acquire_home",
        },
        "identity/services/guarded_event.py": {"psycopg"},
    },
}
"""Why a function imports, and the names that it imports. ``controlplane/__main__.py`` decides first what to load."""
REASON = "PLC0415  "


def test_a_function_imports_only_what_must_not_be_loaded_before() -> None:
    table = {path: names for files in INSIDE_FUNCTIONS.values() for path, names in files.items()}
    actual: dict[str, set[str]] = {}
    for source in SOURCES:
        path = str(source.relative_to(ROOT))
        if names := {name for _, name in imports_inside_functions(source)}:
            actual[path] = names
    actual.pop("controlplane/__main__.py")
    assert actual == table


def test_an_import_inside_a_function_gives_its_reason() -> None:
    silent = []
    for source in SOURCES:
        lines = source.read_text().splitlines()
        silent += [f"{source}:{at}" for at, _ in imports_inside_functions(source) if REASON not in lines[at - 1]]
    assert_none([each for each in silent if "controlplane/__main__.py" not in each], among=SOURCES)


def imports_inside_functions(source: Path) -> Iterator[tuple[int, str]]:
    """The line and the full name of each."""
    for function in ast.walk(ast.parse(source.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    yield from ((node.lineno, alias.name) for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


WITHOUT_DJANGO = """
import sys
from importlib import import_module
from pkgutil import walk_packages
import controlplane.operations.commands as commands
for each in walk_packages(commands.__path__, f"{commands.__name__}."):
    import_module(each.name)
import controlplane.deployment.variables
print(*sys.modules, sep="\\n")
"""
CONTRACT = "Commands that ask a running product load no Django"


def test_the_contract_names_every_module_that_a_command_without_django_loads() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [sources] = [contract["source_modules"] for contract in contracts if contract["name"] == CONTRACT]
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_DJANGO],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    modules = [
        name for name in process.stdout.split() if name.partition(".")[0] in PACKAGES and "." in name and is_file(name)
    ]
    missing = [name for name in modules if not any(f"{name}.".startswith(f"{source}.") for source in sources)]
    assert_none(missing, among=modules)


def is_file(name: str) -> bool:
    """A module, or a package that has more to it than a docstring."""
    path = ROOT / name.replace(".", "/")
    return not path.is_dir() or len(ast.parse((path / "__init__.py").read_text()).body) > 1
