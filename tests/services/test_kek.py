"""Private keys at rest: only the right KEK opens them, another takes its place without a break."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.core.exceptions import ImproperlyConfigured

from controlplane.activity.models import ActivityEvent
from controlplane.deployment.home import Home
from controlplane.kernel import clock, failpoints
from controlplane.sealing import keks
from identity import key_cache, key_encryption
from identity.models import KeyPair, KnownAnswer
from identity.services import key_rotation
from identity.services.iam_tokens import verify_iam_token
from identity.services.kek_rotation import BATCH, Reencrypted, rotate_kek
from tests.services.test_token_verification import iam_token

pytestmark = pytest.mark.usefixtures("keys")


def new_kek() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def old_kek(settings: Any) -> str:
    """The KEK in use."""
    return str(settings.HOME.read_secret(keks.KEK_FILE))


def stored() -> list[tuple[Any, ...]]:
    """Everything that a start must not touch."""
    rows = KeyPair.objects.order_by("pk").values_list("kid", "state", "kek_id", "nonce", "ciphertext")
    return [tuple(map(str, row)) for row in rows] + list(KnownAnswer.objects.order_by("pk").values_list("kek_id"))


def rotate() -> Reencrypted:
    return rotate_kek(now=clock.now(), progress=lambda *_: None)


# --- What is stored


def test_private_keys_are_not_stored_in_the_clear() -> None:
    stored = [bytes(row.ciphertext) for row in KeyPair.objects.all()]
    assert stored
    for ciphertext in stored:
        with pytest.raises(ValueError, match="Could not deserialize"):
            load_der_private_key(ciphertext, None)
        assert b"PRIVATE" not in ciphertext


def test_a_private_key_moved_to_another_row_does_not_decrypt() -> None:
    row, other = KeyPair.objects.filter(state="active")[:2]
    other.nonce, other.ciphertext = row.nonce, row.ciphertext
    with pytest.raises(ImproperlyConfigured, match="does not decrypt"):
        key_encryption.unseal_private_key(other)


# --- The start


def test_a_wrong_kek_stops_the_start_and_says_which_one_is_missing(settings: Any, old_kek: str) -> None:
    before = stored()
    settings.BAREMINT_KEK = [new_kek()]
    with pytest.raises(
        ImproperlyConfigured, match=r"encrypted under KEK [0-9a-f]{16}, which BAREMINT_KEK does not hold"
    ):
        key_rotation.ensure_keys(now=clock.now())
    assert stored() == before


def test_a_lost_kek_is_not_replaced_by_a_new_one(settings: Any, tmp_path: Path) -> None:
    settings.HOME = Home(tmp_path / "empty")
    with pytest.raises(ImproperlyConfigured, match="gone"):
        key_encryption.ensure_kek()
    assert not (tmp_path / "empty").exists()


def test_a_wrong_kek_stops_the_start_also_where_no_private_key_is_left(settings: Any) -> None:
    KeyPair.objects.update(**keks.WIPED)
    settings.BAREMINT_KEK = [new_kek()]
    with pytest.raises(ImproperlyConfigured, match="which BAREMINT_KEK does not hold"):
        key_rotation.ensure_keys(now=clock.now())


def test_a_new_kek_before_the_old_one_is_admitted(settings: Any, old_kek: str) -> None:
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    key_rotation.ensure_keys(now=clock.now())
    assert KnownAnswer.objects.count() == 2


def test_a_wrong_kek_hands_over_to_no_key(settings: Any) -> None:
    before = stored()
    settings.BAREMINT_KEK = [new_kek()]
    with pytest.raises(ImproperlyConfigured, match="does not hold"):
        key_rotation.rotate_now("iam", now=clock.now())
    assert stored() == before


def test_a_blob_that_was_changed_stops_the_start() -> None:
    row = KeyPair.objects.filter(state="prepared").first()
    assert row is not None
    KeyPair.objects.filter(pk=row.pk).update(ciphertext=bytes(row.ciphertext)[::-1])
    with pytest.raises(ImproperlyConfigured, match=f"{row.kid} does not decrypt"):
        key_rotation.ensure_keys(now=clock.now())


def test_no_key_is_made_under_a_kek_that_the_database_does_not_know(settings: Any, old_kek: str) -> None:
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    with pytest.raises(ImproperlyConfigured, match="new to this database"):
        key_rotation.ensure_identity_key("eu-de", now=clock.now())
    assert not KeyPair.objects.filter(region="eu-de").exists()


# --- Another KEK


def test_every_private_key_is_encrypted_under_the_first_kek_and_none_names_the_old_one(
    settings: Any, old_kek: str
) -> None:
    new = new_kek()
    settings.BAREMINT_KEK = [new, old_kek]
    counts = rotate()
    assert (counts.keys, counts.left, counts.total) == (KeyPair.objects.count(), 0, KeyPair.objects.count())
    settings.BAREMINT_KEK = [new]
    key_rotation.ensure_keys(now=clock.now())


def test_keys_are_the_same_before_and_after(settings: Any, old_kek: str) -> None:
    token = iam_token()
    new = new_kek()
    settings.BAREMINT_KEK = [new, old_kek]
    rotate()
    settings.BAREMINT_KEK = [new]
    key_cache.forget()
    assert verify_iam_token(token, now=clock.now())
    assert verify_iam_token(iam_token(), now=clock.now())


def test_with_the_old_kek_alone_nothing_starts_any_more(settings: Any, old_kek: str) -> None:
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    rotate()
    settings.BAREMINT_KEK = [old_kek]
    with pytest.raises(ImproperlyConfigured, match="does not hold"):
        key_rotation.ensure_keys(now=clock.now())


def test_a_second_rotation_finds_nothing_to_do(settings: Any, old_kek: str) -> None:
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    rotate()
    before = stored()
    assert rotate().keys == 0
    assert stored() == before


def test_a_rotation_leaves_one_event_without_any_secret(settings: Any, old_kek: str) -> None:
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    counts = rotate()
    event = ActivityEvent.objects.get(action="baremint.kek.rotate")
    assert (event.target_id, event.data) == (counts.kek_id, {"keys": counts.keys, "left": 0})


class Killed(BaseException):
    """As if the process were gone."""


@pytest.mark.parametrize("batches", [1, 2])
def test_a_rotation_that_was_killed_after_a_batch_goes_on_with_what_is_left(
    settings: Any, old_kek: str, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    def die(point: str, subject: str = "") -> None:
        if (point, subject) == ("after_batch", str(batches)):
            raise Killed

    settings.BAREMINT_KEK = [new_kek(), old_kek]
    monkeypatch.setattr(failpoints, "reach", die)
    with pytest.raises(Killed):
        rotate()
    key_rotation.ensure_keys(now=clock.now())  # in between, both KEKs are in use
    monkeypatch.undo()
    counts = rotate()
    assert (counts.keys, counts.left) == (KeyPair.objects.count() - batches * BATCH, 0)
