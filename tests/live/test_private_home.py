"""Everything that a running product writes is its user's alone, however open its folder was and whatever the umask."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def opened(new_product: NewProduct) -> Iterator[Product]:
    """A product in a folder that every user could read and write before it was started, with a generous umask."""
    product = new_product()
    for path in [product.home, *product.home.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    before = os.umask(0)
    try:
        product.start()
    finally:
        os.umask(before)
    yield product
    product.end()


def open_to_others(folder: Path) -> dict[str, str]:
    """What others than its user may read, write or run."""
    modes = {path: path.lstat().st_mode for path in [folder, *folder.iterdir()]}
    return {path.name: stat.filemode(mode) for path, mode in modes.items() if mode & 0o077}


def test_no_file_of_the_data_directory_is_open_to_others(opened: Product) -> None:
    opened.run("info")
    assert open_to_others(opened.home) == {}
    assert stat.S_IMODE((opened.home / "baremint.sqlite3").stat().st_mode) == 0o600


def test_a_backup_takes_the_place_of_a_file_that_was_open_to_others(opened: Product, tmp_path: Path) -> None:
    path = tmp_path / "baremint.tar"
    path.write_text("old")
    path.chmod(0o666)
    opened.run("backup", str(path))
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_size > 100_000) == (0o600, True)
    assert [each.name for each in tmp_path.iterdir()] == ["baremint.tar"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["baremint.sqlite3", "kek", "credentials.json", "secret-key"])
def test_a_file_of_another_user_stops_the_start_in_one_line(new_product: NewProduct, name: str) -> None:
    product = new_product()
    os.chown(product.home / name, 65_533, 65_533)
    process = product.attempt("up", "--detach")
    assert process.returncode != 0
    assert f"{name} belongs to user" in process.stderr
    assert len(process.stderr.strip().splitlines()) == 1
