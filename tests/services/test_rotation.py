"""Rotation against the database: one active key, whoever interferes, and nothing signed before it stops verifying."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from controlplane.activity.models import ActivityEvent
from controlplane.home import Home
from controlplane.kernel import clock
from identity import keychain, keystore, signing
from identity.keyring import HandOver
from identity.models import KeyPair
from identity.selectors import Line, published_keys
from identity.services import rotation
from identity.services.iam_tokens import verify_iam_token
from tests.services.test_token_verification import iam_token

pytestmark = pytest.mark.usefixtures("keys")

IAM = KeyPair.Purpose.IAM
LINE = Line("iam", "us-south")


def kids(state: str, purpose: str = IAM) -> list[str]:
    return list(KeyPair.objects.filter(purpose=purpose, state=state).values_list("kid", flat=True))


def test_a_token_signed_before_a_rotation_verifies_after_it() -> None:
    token = iam_token()
    rotation.rotate_now(IAM, now=clock.now())
    assert verify_iam_token(token, now=clock.now()).name == "Alice"


def test_a_token_signed_before_two_rotations_verifies_after_them() -> None:
    token = iam_token()
    for _ in range(2):
        rotation.rotate_now(IAM, now=clock.now())
    assert verify_iam_token(token, now=clock.now()).name == "Alice"


def test_a_rotation_hands_over_to_the_key_that_was_published_before() -> None:
    [heir] = kids("prepared")
    assert rotation.rotate_now(IAM, now=clock.now()).key.kid == heir


def test_a_rotation_leaves_one_active_and_one_prepared_key() -> None:
    rotation.rotate_now(IAM, now=clock.now())
    assert (len(kids("active")), len(kids("prepared")), len(kids("retiring"))) == (1, 1, 1)


def test_new_tokens_are_signed_by_the_new_key() -> None:
    new = rotation.rotate_now(IAM, now=clock.now()).key
    assert keychain.signer(IAM).kid == new.kid


def test_the_private_half_of_a_retiring_key_is_wiped() -> None:
    [old] = kids("active")
    rotation.rotate_now(IAM, now=clock.now())
    assert bytes(KeyPair.objects.get(kid=old).ciphertext) == b""


def test_the_jwks_publishes_the_active_key_first_and_the_retiring_one_last() -> None:
    rotation.rotate_now(IAM, now=clock.now())
    assert [key["kid"] for key in published_keys(IAM)] == [*kids("active"), *kids("prepared"), *kids("retiring")]


def test_the_jwks_has_no_private_member() -> None:
    assert {member for key in published_keys(IAM) for member in key} == {"kty", "n", "e", "alg", "kid", "use"}


def test_ticks_between_rotations_change_nothing() -> None:
    assert rotation.run_due_steps(now=clock.now() + timedelta(hours=15)) == 0


def test_a_tick_after_the_period_rotates_both_purposes_once() -> None:
    later = clock.now() + timedelta(hours=25)
    rotation.run_due_steps(now=later)
    rotation.run_due_steps(now=later)
    assert {purpose: len(kids("retiring", purpose)) for purpose in keychain.TOKEN_PURPOSES} == {
        KeyPair.Purpose.IDENTITY: 1,
        KeyPair.Purpose.IAM: 1,
    }


def test_a_hand_over_that_another_worker_made_first_is_not_made_twice() -> None:
    [old], [heir] = kids("active"), kids("prepared")
    step = HandOver(old, heir)
    assert rotation._take(LINE, step, now=clock.now(), by=rotation.SYSTEM)
    assert not rotation._take(LINE, step, now=clock.now(), by=rotation.SYSTEM)
    assert kids("active") == [heir]


def test_an_heir_that_vanished_meanwhile_leaves_the_old_key_signing() -> None:
    [old], [heir] = kids("active"), kids("prepared")
    KeyPair.objects.filter(kid=heir).update(state="retired")
    assert not rotation._take(LINE, HandOver(old, heir), now=clock.now(), by=rotation.SYSTEM)
    assert kids("active") == [old]


def test_the_database_refuses_a_second_active_key() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        KeyPair.objects.filter(purpose=IAM, state="prepared").update(state="active")


def test_a_rotation_leaves_one_event() -> None:
    rotation.rotate_now(IAM, now=clock.now())
    assert ActivityEvent.objects.filter(action="baremint.key.rotate", data__new=kids("active")[0]).count() == 1


def test_a_wrong_kek_stops_the_start_and_says_which_one_is_missing(settings: Any) -> None:
    settings.BAREMINT_KEK = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    before = list(KeyPair.objects.order_by("pk").values("kid", "state"))
    with pytest.raises(ImproperlyConfigured, match="encrypted under KEK"):
        rotation.ensure_keys(now=clock.now())
    assert list(KeyPair.objects.order_by("pk").values("kid", "state")) == before


def test_a_lost_kek_is_not_replaced_by_a_new_one(settings: Any, tmp_path: Path) -> None:
    settings.HOME = Home(tmp_path / "empty")
    with pytest.raises(ImproperlyConfigured, match="gone"):
        keystore.ensure_kek()
    assert not (tmp_path / "empty").exists()


def test_a_private_key_moved_to_another_row_does_not_decrypt() -> None:
    row, other = KeyPair.objects.filter(state="active")[:2]
    sealed = keystore.Sealed(row.kek_id, bytes(row.nonce), bytes(row.ciphertext))
    with pytest.raises(ImproperlyConfigured, match="does not decrypt"):
        keystore.unseal(sealed, bound_to=other.kid)


def test_private_keys_are_not_stored_in_the_clear() -> None:
    for row in KeyPair.objects.all():
        der_prefix = b"\x30\x82"
        assert not bytes(row.ciphertext).startswith(der_prefix)
        assert b"PRIVATE" not in bytes(row.ciphertext)


def test_each_token_of_the_same_second_is_different() -> None:
    assert signing.token_hash(iam_token()) != signing.token_hash(iam_token(jti="another"))
