"""Where a start is made from, and where it keeps its data, is the user's business."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]


@pytest.fixture(scope="module")
def idle(new_product: NewProduct) -> Product:
    return new_product()


def test_a_data_directory_may_have_any_name(idle: Product) -> None:
    (home := idle.home.parent / "naïve #1: 50% what? %41").symlink_to(idle.home)
    product = replace(idle, home=home)
    product.start()
    try:
        assert product.read_info()["ca_bundle"] == str(home / "ca-bundle.pem")
        assert product.run("jobs")
    finally:
        product.stop()


def test_the_settings_of_another_projects_celery_are_ignored(idle: Product) -> None:
    product = replace(idle, settings={"CELERY_BROKER_URL": "redis://elsewhere.invalid/0"})
    product.start()
    assert "Stopped." in product.stop()


def run_from(folder: Path, product: Product, *commands: str) -> None:
    """By the command that is installed, as a shell in this folder does."""
    for command in commands:
        process = subprocess.run(
            [f"{sys.prefix}/bin/baremint", *command.split()],
            env=product.environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr


def test_nothing_is_imported_from_the_folder_of_the_caller(idle: Product, tmp_path: Path) -> None:
    for module in ("django", "celery", "controlplane", "identity", "secrets", "jwt", "redis", "tarfile", "uuid"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('imported from the folder of the caller')")
    run_from(tmp_path, idle, "up --detach", "info", "down", "keys", f"backup {tmp_path}/b.tar", "check")


def test_an_older_checkout_that_the_caller_is_in_is_not_run(idle: Product, tmp_path: Path) -> None:
    for package in ("controlplane", "servers", "trustedprofiles"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("raise SystemExit('an older one')")
    run_from(tmp_path, idle, "up --detach", "info", "down")
