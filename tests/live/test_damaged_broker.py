"""A broker whose file is damaged is started without it: what is due stands in the database."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.live.operator import eventually
from tests.live.product import Product
from tests.live.ready_made import NewProduct
from tests.process_tree import command_line, descendants

pytestmark = [pytest.mark.live, pytest.mark.e2e]


def log_of(folder: Path, kind: str) -> Path:
    [path] = (folder / "appendonlydir").glob(f"*.{kind}*")
    return path


def end_in_garbage(folder: Path) -> None:
    log_of(folder, "incr").write_bytes(b"garbage")


def damage_the_middle(folder: Path) -> None:
    path = log_of(folder, "incr")
    path.write_bytes(path.read_bytes() + b"*3\r\n$5\r\nLPUSH" + os.urandom(300))


def damage_the_base(folder: Path) -> None:
    log_of(folder, "base").write_bytes(os.urandom(30))


def lose_the_base(folder: Path) -> None:
    log_of(folder, "base").unlink()


def empty_the_manifest(folder: Path) -> None:
    log_of(folder, "manifest").write_bytes(b"")


def a_file_for_the_folder_of_the_log(folder: Path) -> None:
    shutil.rmtree(folder / "appendonlydir")
    (folder / "appendonlydir").write_text("no folder")


def a_file_for_the_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("no folder")


def a_link_to_nowhere_for_the_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder.parent / "nowhere")


def a_folder_for_the_socket(folder: Path) -> None:
    (folder.parent / "valkey.sock").mkdir()


def a_file_where_the_damaged_one_goes(folder: Path) -> None:
    (folder.parent / "valkey.damaged").write_text("in the way")
    end_in_garbage(folder)


def a_link_where_the_damaged_one_goes(folder: Path) -> None:
    (folder.parent / "valkey.damaged").symlink_to(folder.parent)
    end_in_garbage(folder)


def a_manifest_that_names_nothing(folder: Path) -> None:
    log_of(folder, "manifest").write_text("file none.aof seq 1 type b\n")


DAMAGES = [
    end_in_garbage,
    damage_the_middle,
    damage_the_base,
    lose_the_base,
    empty_the_manifest,
    a_manifest_that_names_nothing,
    a_file_for_the_folder_of_the_log,
    a_file_for_the_folder,
    a_link_to_nowhere_for_the_folder,
    a_folder_for_the_socket,
    a_file_where_the_damaged_one_goes,
    a_link_where_the_damaged_one_goes,
]
AT_ONCE = (a_file_for_the_folder, a_link_to_nowhere_for_the_folder, a_folder_for_the_socket)
"""What is seen before the broker is started."""


@pytest.fixture
def stopped(new_product: NewProduct) -> Iterator[Product]:
    product = new_product()
    product.start()
    product.stop()
    yield product
    product.end()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_start_does_without_a_damaged_broker_file(stopped: Product, damage: Callable[[Path], None]) -> None:
    damage(stopped.home / "valkey")
    stopped.start()
    if damage not in AT_ONCE:
        assert "it was moved to" in (stopped.home / "baremint.log").read_text()
    assert [each for each in stopped.home.glob("valkey*.damaged") if os.path.lexists(each)]
    assert requests.get(f"http://127.0.0.1:{stopped.port}/readyz", timeout=10).status_code == 200


def test_a_broker_that_dies_of_a_damaged_file_later_comes_back(stopped: Product) -> None:
    stopped.start()
    assert stopped.supervisor
    [pid] = [pid for pid in descendants(stopped.supervisor) if "valkey" in command_line(pid)]
    end_in_garbage(stopped.home / "valkey")
    os.kill(pid, 9)

    def is_back() -> bool:
        answer = requests.get(f"http://127.0.0.1:{stopped.port}/readyz", timeout=10)
        return answer.status_code == 200 and (stopped.home / "valkey.damaged").exists()

    assert eventually(is_back, seconds=30, every=0.5)
