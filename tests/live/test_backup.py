"""A backup taken under load, restored elsewhere: what was issued before it stays good."""

import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live.operator import NEW
from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]


def identity_token(product: Product) -> str:
    url = product.server("web-1")["metadata_url"]
    headers = {"Metadata-Flavor": "ibm"}
    answer = requests.put(
        f"{url}/identity/v1/token?version={NEW}", json={"expires_in": 3600}, headers=headers, timeout=10
    )
    return str(answer.json()["access_token"])


def iam_token(product: Product, identity: str) -> requests.Response:
    url = product.server("web-1")["metadata_url"]
    headers = {"Authorization": f"Bearer {identity}"}
    return requests.post(f"{url}/identity/v1/iam_tokens?version={NEW}", headers=headers, timeout=10)


def kids(product: Product) -> list[str]:
    keys = requests.get(f"{product.info['iam_url']}/identity/keys", timeout=10).json()["keys"]
    return [key["kid"] for key in keys]


@pytest.fixture(scope="module")
def archive(new_product: NewProduct, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A product that issues tokens without pause, and the backup that was taken meanwhile."""
    product, stop, path = new_product(), threading.Event(), tmp_path_factory.mktemp("backup") / "baremint.tar"
    product.start()
    before = identity_token(product)

    def issue() -> None:
        while not stop.is_set():
            identity_token(product)

    load = threading.Thread(target=issue)
    load.start()
    try:
        output = product.run("backup", str(path))
    finally:
        stop.set()
        load.join()
    facts = {"path": path, "before": before, "kids": kids(product), "api_key": product.info["api_key"], "said": output}
    product.stop()
    return facts


@pytest.fixture(scope="module")
def restored(archive: dict[str, Any], new_product: NewProduct) -> Product:
    product = new_product(empty=True)
    product.run("restore", str(archive["path"]))
    product.start()
    return product


def test_a_backup_is_readable_by_its_owner_alone(archive: dict[str, Any]) -> None:
    assert archive["path"].stat().st_mode & 0o077 == 0


def test_the_credentials_are_the_same_after_a_restore(archive: dict[str, Any], restored: Product) -> None:
    assert restored.info["api_key"] == archive["api_key"]


def test_a_token_from_before_the_backup_is_still_taken(archive: dict[str, Any], restored: Product) -> None:
    assert iam_token(restored, archive["before"]).status_code == 200


def test_the_keys_from_before_are_published_and_another_one_signs(archive: dict[str, Any], restored: Product) -> None:
    now = kids(restored)
    assert set(archive["kids"]) < set(now)
    assert now[0] not in archive["kids"][:1]


def test_nothing_is_restored_over_what_is_there(archive: dict[str, Any], restored: Product) -> None:
    restored.stop()
    process = restored.attempt("restore", str(archive["path"]))
    assert process.returncode == 1
    assert "Restore into an empty BAREMINT_HOME" in process.stderr


def test_what_is_no_backup_changes_nothing(new_product: NewProduct, tmp_path: Path) -> None:
    product, path = new_product(empty=True), tmp_path / "other.tar"
    path.write_bytes(b"no archive")
    assert "cannot be read as a backup" in product.attempt("restore", str(path)).stderr
    assert not (product.home / "baremint.sqlite3").exists()


def test_a_database_of_ones_own_is_backed_up_with_its_own_tools(new_product: NewProduct, tmp_path: Path) -> None:
    product = new_product(empty=True, database_url="postgresql://baremint@127.0.0.1:1/baremint")
    assert "pg_dump" in product.attempt("backup", str(tmp_path / "backup.tar")).stderr
