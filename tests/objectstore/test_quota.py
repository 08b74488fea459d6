"""What an account may store: what is on its way counts as what is stored does, of all processes together."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from controlplane.deployment.home import Home
from controlplane.kernel.awaited_body import KEPT, AwaitedBody, BodyAwaited, Kept
from controlplane.objectstore import files, quota, reserved_bytes
from controlplane.objectstore.models import StoredObject
from tests.objectstore.store import Store, refused
from tests.world import ACCOUNT

PATH = "/my-bucket/large"


@pytest.fixture(autouse=True)
def one_megabyte(settings: Any) -> None:
    settings.BAREMINT_COS_QUOTA = 1


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = Home(tmp_path / "home")


@pytest.fixture
def kept() -> Iterator[Kept[Any]]:
    with closing(Kept()) as connection_state:
        yield connection_state


def ask_early(store: Store, path: str, announced: int | None, arrived: int = 0, *, kept: Kept[Any]) -> Any:
    """Whether a body that has not arrived is refused; raises BodyAwaited when it is not."""
    length = {"CONTENT_LENGTH": str(announced)} if announced is not None else {}
    extra = {"wsgi.input": AwaitedBody(arrived), KEPT: kept, **length}
    return store.client.generic("PUT", f"/cos{path}", b"", headers=store.headers, **extra)  # type: ignore[arg-type]


def test_two_bodies_that_fit_only_one_by_one_are_not_both_taken(alice: Store, bucket: str, kept: Kept[Any]) -> None:
    with closing(Kept[Any]()) as first:
        with pytest.raises(BodyAwaited):
            ask_early(alice, "/my-bucket/a", 700_000, kept=first)
        assert refused(ask_early(alice, "/my-bucket/b", 700_000, kept=kept)) == (403, "QuotaExceeded")
    with pytest.raises(BodyAwaited):  # the client of the first is gone
        ask_early(alice, "/my-bucket/b", 700_000, kept=kept)


def test_a_small_object_does_not_take_the_room_of_a_body_on_its_way(alice: Store, bucket: str, kept: Kept[Any]) -> None:
    with pytest.raises(BodyAwaited):
        ask_early(alice, "/my-bucket/a", 1_000_000, kept=kept)
    assert refused(alice("PUT", "/my-bucket/b", b"x" * 200_000)) == (403, "QuotaExceeded")
    kept.close()
    alice.put("/my-bucket/b", b"x" * 200_000)


def test_a_body_on_its_way_has_room_when_it_has_arrived(alice: Store, bucket: str, kept: Kept[Any]) -> None:
    with pytest.raises(BodyAwaited):
        ask_early(alice, PATH, 1_000_000, kept=kept)
    answer = alice.client.generic("PUT", f"/cos{PATH}", b"x" * 1_000_000, headers=alice.headers, **{KEPT: kept})  # type: ignore[arg-type]
    assert answer.status_code == 200


def test_another_account_has_its_own_room(alice: Store, mallory: Store, bucket: str, kept: Kept[Any]) -> None:
    with pytest.raises(BodyAwaited):
        ask_early(alice, PATH, 1_000_000, kept=kept)
    mallory.put("/my-bucket")
    mallory.put(PATH, b"x" * 1_000_000)


def test_a_body_without_an_announced_length_counts_as_it_grows(
    alice: Store, bucket: str, kept: Kept[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controlplane.objectstore.authorized_call.ASK_EVERY", 300_000)
    for arrived in (300_000, 600_000):
        with pytest.raises(BodyAwaited):
            ask_early(alice, PATH, None, arrived, kept=kept)
    assert refused(ask_early(alice, PATH, None, 900_000, kept=kept)) == (403, "QuotaExceeded")


def test_what_a_killed_process_reserved_is_not_counted(db: None) -> None:
    with reserved_bytes.account_lock(ACCOUNT) as account:
        abandoned = account.path_of(1_000_000)
        abandoned.touch()
        assert (account.total(), abandoned.exists()) == (0, False)
        reservation = reserved_bytes.Reservation(account, 1_000_000)
        assert account.total() == 1_000_000
        reservation.close()
        assert account.total() == 0


@pytest.mark.parametrize("query", ["", "?uploadId={upload}&partNumber=1"])
def test_a_copy_that_has_no_room_is_refused_before_anything_is_written(
    alice: Store, bucket: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.put("/my-bucket/a", b"x" * 600_000)
    upload = alice("POST", f"{PATH}?uploads").content.decode().partition("<UploadId>")[2].partition("<")[0]
    monkeypatch.delattr(files.NewFiles, "write")
    answer = alice("PUT", f"{PATH}{query.format(upload=upload)}", x_amz_copy_source="my-bucket/a")
    assert refused(answer) == (403, "QuotaExceeded")


@pytest.mark.parametrize(
    ("path", "code"),
    [("/no-bucket/a", "NoSuchBucket"), (f"/my-bucket/a?partNumber=1&uploadId={'0' * 32}", "NoSuchUpload")],
)
def test_a_large_body_that_has_no_place_to_go_is_not_waited_for(
    alice: Store, bucket: str, path: str, code: str, kept: Kept[Any]
) -> None:
    assert refused(ask_early(alice, path, 1_000_000, kept=kept)) == (404, code)


def test_a_body_that_fails_gives_its_room_back(alice: Store, bucket: str) -> None:
    assert refused(alice("PUT", PATH, b"x" * 900_000, Content_MD5="AAAAAAAAAAAAAAAAAAAAAA==")) == (400, "BadDigest")
    alice.put(PATH, b"x" * quota.MEGABYTE)
    assert StoredObject.objects.count() == 1
