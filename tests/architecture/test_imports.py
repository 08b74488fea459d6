"""A process imports what it needs, for what it imports costs each of them time and memory at every start."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from controlplane.kernel.blocked_imports import unavailable
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


@pytest.mark.parametrize("door", ["settings urls", "settings_inside urls_inside"])
def test_what_waits_to_be_asked_for_is_not_imported_at_a_start_on_sqlite(door: str, tmp_path: Path) -> None:
    settings, urls = (f"controlplane.{name}" for name in door.split())
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
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(code=code)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


def test_a_package_is_unavailable_only_for_as_long_as_it_was_asked_to_be() -> None:
    before = dict(sys.modules)
    with unavailable("pytest", "colorsys"):
        with pytest.raises(ImportError):
            import colorsys
        with pytest.raises(ImportError):
            import_module("pytest")  # imported before, and unavailable all the same
    assert sys.modules == before
    import colorsys

    assert colorsys.rgb_to_hls(0, 0, 0) == (0, 0, 0)
