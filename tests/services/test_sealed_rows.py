"""Secrets of all apps are encrypted under the KEK in one way: a model derives from SealedRow, and the checks at start
and ``rotate kek`` need nothing else.

A new sealed model gets a line in MAKERS, and all tests here are about it, too.
"""

import base64
import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from controlplane.kernel import clock
from controlplane.keyprotect.models import ImportToken, KeyVersion, token_bound_to
from controlplane.sealing import keks
from controlplane.sealing.rows import SealedRow, require_fitting_kek, seal_new, sealed_models
from identity.models import KeyPair, KnownAnswer, StoredValue
from identity.services.apikeys import create_api_key
from identity.services.kek_rotation import BATCH, rotate_kek
from tests.instances import BY, store_instance
from tests.keyprotect.made import make_key
from tests.tables import assert_none
from tests.world import World
from trustedprofiles.services.service_ids import create_service_id


def make_stored_values(world: World) -> None:
    robot = create_service_id(world.account, name="robot", by=BY)
    for name in ("first", "second"):
        create_api_key(world.account, iam_id=robot.iam_id, name=name, store_value=True, by=BY)


def make_key_versions(world: World) -> None:
    instance = store_instance(guid="00000000-0000-4000-8000-000000000001", service="kms")
    for number in range(BATCH + 2):
        make_key(instance, name=f"key {number}")


def make_import_tokens(world: World) -> None:
    for number in (2, 3):
        guid = f"00000000-0000-4000-8000-00000000000{number}"
        ImportToken.objects.create(
            instance=store_instance(guid=guid, service="kms"),
            identifier=guid,
            public_key="",
            challenge=os.urandom(12),
            most_retrievals=1,
            created_at=clock.now(),
            created_by=BY.id,
            expires_at=clock.now(),
            **seal_new(os.urandom(64), bound_to=token_bound_to(guid)),
        )


def keep_key_pairs(world: World) -> None:
    """The fixture ``keys`` made them."""


MAKERS: dict[type[SealedRow], Callable[[World], None]] = {
    KeyPair: keep_key_pairs,
    StoredValue: make_stored_values,
    KeyVersion: make_key_versions,
    ImportToken: make_import_tokens,
}
"""How a test gets rows of each model with secrets."""
each_model = pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)


@pytest.fixture
def secrets(world: World, keys: None) -> None:
    """Rows of every model with secrets."""
    for make in MAKERS.values():
        make(world)


@pytest.fixture
def old_kek(settings: Any, keys: None) -> str:
    """The KEK in use."""
    return str(settings.HOME.read_secret(keks.KEK_FILE))


def new_kek() -> str:
    return base64.b64encode(os.urandom(keks.KEK_BYTES)).decode()


def contents(model: type[SealedRow]) -> dict[str, bytes]:
    """The decrypted secrets of all rows, by what they are bound to."""
    return {row.bound_to: keks.unseal(row) for row in model._base_manager.exclude(kek_id="")}


def first_row(model: type[SealedRow]) -> SealedRow:
    row = model._base_manager.exclude(kek_id="").order_by("pk").first()
    assert row is not None
    return row


# --- Which models there are


def test_the_sealed_models_are_those_with_a_maker_and_the_known_answers() -> None:
    assert set(sealed_models()) == {KnownAnswer, *MAKERS}


def test_the_known_answers_alone_prove_a_kek() -> None:
    assert [model for model in sealed_models() if model.proves_kek] == [KnownAnswer]


def test_every_sealed_model_says_what_its_secrets_are_bound_to() -> None:
    silent = [model.__name__ for model in sealed_models() if model.bound_to is SealedRow.bound_to]
    assert_none(silent, among=sealed_models())


@pytest.mark.usefixtures("secrets")
def test_no_two_rows_are_bound_to_the_same() -> None:
    names = [row.bound_to for model in MAKERS for row in model._base_manager.all()]
    assert len(set(names)) == len(names)


# --- The check at start


@each_model
@pytest.mark.usefixtures("secrets")
def test_a_ciphertext_of_another_row_fails_the_check(model: type[SealedRow]) -> None:
    row = first_row(model)
    other = model._base_manager.exclude(kek_id="").exclude(pk=row.pk).order_by("pk")[0]
    model._base_manager.filter(pk=row.pk).update(nonce=other.nonce, ciphertext=other.ciphertext)
    with pytest.raises(ImproperlyConfigured, match=f"{row.bound_to} does not decrypt"):
        require_fitting_kek()


@each_model
@pytest.mark.usefixtures("secrets")
def test_a_secret_under_a_kek_that_is_gone_fails_the_check(model: type[SealedRow]) -> None:
    model._base_manager.filter(pk=first_row(model).pk).update(kek_id="0123456789abcdef")
    with pytest.raises(ImproperlyConfigured, match="under KEK 0123456789abcdef, which BAREMINT_KEK does not hold"):
        require_fitting_kek()


@pytest.mark.usefixtures("keys")
def test_the_check_names_a_kek_that_is_needed_before_one_that_only_has_an_answer(settings: Any) -> None:
    kek_of_keys = first_row(KeyPair).kek_id
    for kek_id in ("0" * 16, "f" * 16):
        KnownAnswer.objects.create(kek_id=kek_id, nonce=b"", ciphertext=b"", first_used_at=clock.now())
    settings.BAREMINT_KEK = [new_kek()]
    with pytest.raises(ImproperlyConfigured, match=f"under KEK {kek_of_keys}"):
        require_fitting_kek()


@each_model
@pytest.mark.usefixtures("secrets")
def test_a_wiped_row_passes_the_check(model: type[SealedRow]) -> None:
    model._base_manager.filter(pk=first_row(model).pk).update(**keks.WIPED)
    require_fitting_kek()


@pytest.mark.usefixtures("secrets")
def test_the_check_takes_one_query_for_each_model_and_one_for_the_known_keks(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """What a row is bound to costs no query of its own."""
    with django_assert_num_queries(len(sealed_models()) + 1):
        require_fitting_kek()


# --- A new secret


@pytest.mark.usefixtures("keys")
def test_nothing_is_sealed_under_a_kek_that_the_database_does_not_know(settings: Any, old_kek: str) -> None:
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    with transaction.atomic(), pytest.raises(ImproperlyConfigured, match="new to this database"):
        seal_new(b"secret", bound_to="a row")


# --- Another KEK


@each_model
@pytest.mark.usefixtures("secrets")
def test_every_secret_is_the_same_under_the_new_kek_alone(model: type[SealedRow], settings: Any, old_kek: str) -> None:
    before = contents(model)
    new = new_kek()
    settings.BAREMINT_KEK = [new, old_kek]
    rotate_kek(now=clock.now(), progress=lambda *_: None)
    settings.BAREMINT_KEK = [new]
    assert contents(model) == before


@pytest.mark.usefixtures("secrets")
def test_the_counts_of_a_rotation_cover_the_secrets_of_all_models(settings: Any, old_kek: str) -> None:
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    counts = rotate_kek(now=clock.now(), progress=lambda *_: None)
    number = sum(len(contents(model)) for model in MAKERS)
    assert (counts.keys, counts.left, counts.total) == (number, 0, number)


@pytest.mark.usefixtures("secrets")
def test_a_batch_has_at_most_five_secrets_whatever_their_models(settings: Any, old_kek: str) -> None:
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    numbers = [0]
    rotate_kek(now=clock.now(), progress=lambda number, total: numbers.append(number))
    sizes = [after - before for before, after in pairwise(numbers)]
    assert set(sizes[:-1]) == {BATCH}
    assert sizes[-1] <= BATCH


@each_model
@pytest.mark.usefixtures("secrets")
def test_a_rotation_leaves_a_wiped_row_wiped(model: type[SealedRow], settings: Any, old_kek: str) -> None:
    row = first_row(model)
    model._base_manager.filter(pk=row.pk).update(**keks.WIPED)
    settings.BAREMINT_KEK = [new_kek(), old_kek]
    rotate_kek(now=clock.now(), progress=lambda *_: None)
    after = model._base_manager.get(pk=row.pk)
    assert (after.kek_id, bytes(after.nonce), bytes(after.ciphertext)) == ("", b"", b"")
