"""Objects of a hundred megabytes by IBM's SDK, unmodified and with its default settings; and what a kill leaves."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from controlplane.objectstore.files import NAME
from tests.live.product import Product
from tests.live.ready_made import NewProduct
from tests.live.test_object_store import Fixed, api_token, client_for

pytestmark = [pytest.mark.live, pytest.mark.e2e]

MEGABYTE = 1024 * 1024
SIZE = 100 * MEGABYTE


@pytest.fixture(scope="module")
def product(new_product: NewProduct) -> Iterator[Product]:
    instance = new_product(settings={"BAREMINT_WORKERS": "1"})
    instance.start()
    yield instance
    instance.end()


def client_of(product: Product) -> Any:
    return client_for(product, Fixed(api_token(product)["Authorization"].removeprefix("Bearer ")))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "file"
    with path.open("wb") as file:
        for number in range(SIZE // MEGABYTE):
            file.write(hashlib.sha256(str(number).encode()).digest() * (MEGABYTE // 32))
    return path


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def peak(pid: int) -> int:
    """Bytes that the process had in memory at most."""
    [line] = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def names(product: Product) -> set[str]:
    return {path.name for path in (product.home / "objects").rglob("*") if path.is_file() and NAME.fullmatch(path.name)}


def test_a_file_goes_up_and_down_and_is_never_in_memory(product: Product, large: Path, tmp_path: Path) -> None:
    client = client_of(product)
    client.create_bucket(Bucket="large-bucket")
    client.put_object(Bucket="large-bucket", Key="warm", Body=b"x" * MEGABYTE)
    before = {pid: peak(pid) for pid in product.processes()}
    client.upload_file(str(large), "large-bucket", "a")
    client.download_file("large-bucket", "a", str(tmp_path / "down"))
    growth_by_pid = {pid: peak(pid) - was for pid, was in before.items()}
    assert digest(tmp_path / "down") == digest(large)
    assert client.head_object(Bucket="large-bucket", Key="a")["ETag"].strip('"').endswith("-13")
    assert max(growth_by_pid.values()) < SIZE / 4, growth_by_pid


def test_a_whole_object_in_one_request_is_never_in_memory(product: Product, large: Path) -> None:
    url, headers = f"{product.info['control_plane_url']}/cos/large-bucket/b", api_token(product)
    before = {pid: peak(pid) for pid in product.processes()}
    with large.open("rb") as file:
        assert requests.put(url, data=file, headers=headers, timeout=60).status_code == 200
    download_digest = hashlib.sha256()
    with requests.get(url, headers=headers, timeout=60, stream=True) as answer:
        for piece in answer.iter_content(MEGABYTE):
            download_digest.update(piece)
    growth_by_pid = {pid: peak(pid) - was for pid, was in before.items()}
    assert download_digest.hexdigest() == digest(large)
    assert max(growth_by_pid.values()) < SIZE / 4, growth_by_pid


def test_copies_of_large_objects_are_made_in_parts(product: Product) -> None:
    client = client_of(product)
    client.copy({"Bucket": "large-bucket", "Key": "a"}, "large-bucket", "copy")
    assert client.head_object(Bucket="large-bucket", Key="copy")["ContentLength"] == SIZE


def test_an_upload_that_breaks_off_leaves_nothing(product: Product) -> None:
    before = names(product)
    url, headers = f"{product.info['control_plane_url']}/cos/large-bucket/broken", api_token(product)

    def pieces() -> Iterator[bytes]:
        yield b"x" * 3 * MEGABYTE
        raise KeyError

    with pytest.raises(KeyError):
        requests.put(url, data=pieces(), headers=headers, timeout=60)
    assert requests.get(url, headers=headers, timeout=10).status_code == 404
    assert names(product) == before


def test_a_backup_has_the_objects(product: Product, new_product: NewProduct, tmp_path: Path) -> None:
    product.run("backup", str(tmp_path / "backup.tar"))
    other = new_product(empty=True)
    other.run("restore", str(tmp_path / "backup.tar"))
    other.start()
    assert names(other) == names(product)
    url = f"{other.info['control_plane_url']}/cos/large-bucket/warm"
    assert requests.get(url, headers=api_token(other), timeout=10).content == b"x" * MEGABYTE


@pytest.mark.parametrize(
    "point", ["object_file:partial", "object_file:whole", "before_commit:object", "after_commit:object"]
)
def test_whenever_a_process_is_killed_every_row_has_its_bytes(new_product: NewProduct, point: str) -> None:
    """And what it leaves is swept at the next start."""
    product = new_product(settings={"BAREMINT_WORKERS": "1"})
    product.start()
    url, headers = f"{product.info['control_plane_url']}/cos/kept-bucket", api_token(product)
    requests.put(url, headers=headers, timeout=10)
    requests.put(f"{url}/a", b"old", headers=headers, timeout=10)
    product.stop()
    product.environment["BAREMINT_FAILPOINT"] = point
    product.start()
    with pytest.raises(requests.ConnectionError):
        requests.put(f"{url}/a", b"new", headers=api_token(product), timeout=10)
    product.kill_everything()
    del product.environment["BAREMINT_FAILPOINT"]
    product.start()
    answer = requests.get(f"{url}/a", headers=api_token(product), timeout=10)
    assert answer.content == (b"new" if point.startswith("after_commit") else b"old")
    assert len(names(product)) == 1
    assert list((product.home / "objects").rglob(".baremint-*")) == []


@pytest.mark.parametrize("point", ["before_commit:part", "before_commit:upload", "after_commit:object"])
def test_whenever_a_process_is_killed_a_multipart_upload_goes_on_or_is_complete(
    new_product: NewProduct, point: str
) -> None:
    """And no file is without a row after the next start."""
    product = new_product(settings={"BAREMINT_WORKERS": "1"})
    product.start()
    client = client_of(product)
    client.create_bucket(Bucket="kept-bucket")
    client.put_object(Bucket="kept-bucket", Key="a", Body=b"old")
    there = {"Bucket": "kept-bucket", "Key": "a"}
    there["UploadId"] = client.create_multipart_upload(**there)["UploadId"]
    product.stop()
    product.environment["BAREMINT_FAILPOINT"] = point
    product.start()
    url, headers = f"{product.info['control_plane_url']}/cos/kept-bucket/a", api_token(product)
    with pytest.raises(requests.ConnectionError):  # noqa: PT012  one of both is killed
        part = requests.put(f"{url}?partNumber=1&uploadId={there['UploadId']}", b"new", headers=headers, timeout=10)
        part_element = f"<Part><PartNumber>1</PartNumber><ETag>{part.headers['ETag']}</ETag></Part>"
        whole = f"<CompleteMultipartUpload>{part_element}</CompleteMultipartUpload>"
        requests.post(f"{url}?uploadId={there['UploadId']}", whole, headers=headers, timeout=10)
    product.kill_everything()
    del product.environment["BAREMINT_FAILPOINT"]
    product.start()
    client = client_of(product)
    is_complete = point.startswith("after_commit")
    assert client.get_object(Bucket="kept-bucket", Key="a")["Body"].read() == (b"new" if is_complete else b"old")
    parts = 1 if point == "before_commit:upload" else 0
    assert len(names(product)) == 1 + parts
    uploads = client.list_multipart_uploads(Bucket="kept-bucket").get("Uploads", [])
    assert len(uploads) == (0 if is_complete else 1)


def test_kills_in_the_middle_of_many_uploads_leave_no_row_without_bytes(new_product: NewProduct) -> None:
    product = new_product()
    product.start()
    headers, url = api_token(product), f"{product.info['control_plane_url']}/cos/busy-bucket"
    requests.put(url, headers=headers, timeout=10)
    keys: list[str] = []
    enough = threading.Event()

    def upload(worker: int) -> None:
        for number in range(1000):
            key = f"{worker}/{number}"
            try:
                answer = requests.put(f"{url}/{key}", key.encode() * 100_000, headers=headers, timeout=10)
            except requests.ConnectionError:
                return
            if answer.status_code == 200:
                keys.append(key)
            if len(keys) >= 20:
                enough.set()

    threads = [threading.Thread(target=upload, args=(worker,)) for worker in range(4)]
    for each in threads:
        each.start()
    assert enough.wait(60)
    product.kill_everything()
    for each in threads:
        each.join()
    product.start()
    client = client_of(product)
    listed_keys = [each["Key"] for each in client.list_objects_v2(Bucket="busy-bucket")["Contents"]]
    assert set(keys) <= set(listed_keys)
    for key in listed_keys:
        assert client.get_object(Bucket="busy-bucket", Key=key)["Body"].read() == key.encode() * 100_000
    assert len(names(product)) == len(listed_keys)
