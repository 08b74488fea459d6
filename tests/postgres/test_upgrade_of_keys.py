"""Keys of the first version, which knew no successors of authorities, go on in place: on SQLite and on PostgreSQL."""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings

from controlplane.kernel import clock
from controlplane.sealing import rows as sealed_rows
from identity import ca, key_cache, key_encryption
from identity.models import KeyPair
from identity.services import key_rotation
from identity.services.iam_tokens import verify_iam_token
from tests.databases import default_database
from tests.services.test_token_verification import iam_token

pytestmark = pytest.mark.thorough

KEPT = ("kid", "public_key", "generation")
FIRST_VERSION = [("identity", "0002_api_key_details_and_refresh_tokens")]


@dataclass
class Upgraded:
    before: list[tuple[Any, ...]]
    """kid, public key and generation of every key that the first version had made."""
    token: str
    """Signed by the IAM key that was active then."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def upgraded(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: Any,
    rsa_pool: Iterator[rsa.RSAPrivateKey],
) -> Iterator[Upgraded]:
    """A database as the first version left it 40 days ago, after the first start of this one."""
    file = tmp_path_factory.mktemp("old") / "old.sqlite3"
    url = f"sqlite:///{file}" if request.param == "sqlite" else request.getfixturevalue("new_postgresql_database")()
    kek = base64.b64encode(os.urandom(32)).decode()
    with django_db_blocker.unblock(), default_database(url), override_settings(BAREMINT_KEK=[kek]):
        executor = MigrationExecutor(connection)
        executor.migrate(FIRST_VERSION)
        fill(executor.loader.project_state(FIRST_VERSION).apps.get_model("identity", "KeyPair"), rsa_pool)
        before = list(KeyPair.objects.values_list(*KEPT).order_by("kid"))
        call_command("migrate", verbosity=0)
        key_cache.forget()
        token = iam_token()
        key_rotation.ensure_keys(now=clock.now())
        yield Upgraded(before, token)
        key_cache.forget()


def fill(table: Any, pool: Iterator[rsa.RSAPrivateKey]) -> None:
    now = clock.now() - timedelta(days=40)

    def store(kid: str, purpose: str, generation: int, state: str, **columns: Any) -> Any:
        key = columns.pop("key", None) or next(pool)
        wiped = {"nonce": b"", "ciphertext": b""} if state in ("retiring", "retired") else {}
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return table.objects.create(
            **{
                "kid": kid,
                "purpose": purpose,
                "generation": generation,
                "state": state,
                "region": "us-south",
                "public_key": public.decode(),
                **key_encryption.seal_private_key(key, kid=kid),
                "published_at": now,
                "activated_at": None if state == "prepared" else now,
                "demoted_at": clock.now() if state == "retiring" else None,
                **columns,
                **wiped,
            }
        )

    root_key, key = next(pool), next(pool)
    span = {"lifetime": timedelta(days=3650)}
    root = ca.build_root(root_key, common_name="Baremint Root CA us-south", validity=ca.Validity.covering(now, **span))
    intermediate = ca.build_intermediate(
        key.public_key(),
        common_name="Baremint Identity CA us-south 1",
        issuer=root,
        issuer_key=root_key,
        validity=ca.Validity.covering(now, lifetime=timedelta(days=1095)),
    )
    issuer = store("root_1", "root", 1, "active", key=root_key, certificate=ca.pem(root))
    store("ca_1", "intermediate", 1, "active", key=key, certificate=ca.pem(intermediate), issuer=issuer)
    for purpose in ("iam", "identity"):
        for generation, state in enumerate(["retired", "retiring", "active", "prepared"], 1):
            store(f"{purpose}_{generation}", purpose, generation, state)


def test_the_first_start_prepares_what_was_missing_and_keeps_the_rest(upgraded: Upgraded) -> None:
    keys = KeyPair.objects.filter(kid__in=[row[0] for row in upgraded.before])
    assert list(keys.values_list(*KEPT).order_by("kid")) == upgraded.before
    for purpose in KeyPair.Purpose:
        states = KeyPair.objects.filter(purpose=purpose).values_list("state", flat=True)
        assert (list(states).count("active"), list(states).count("prepared")) == (1, 1)


def test_an_intermediate_from_before_is_succeeded_after_its_period(upgraded: Upgraded) -> None:
    """It was made for three years; from now on it is 30 days, when its successor has been published."""
    assert KeyPair.objects.get(kid="ca_1").state == "active"
    key_rotation.run_due_steps(now=clock.now() + timedelta(minutes=64))
    assert KeyPair.objects.get(kid="ca_1").state == "retiring"


def test_certificates_that_were_stored_say_when_they_end(upgraded: Upgraded) -> None:
    ends = dict(KeyPair.objects.filter(kid__in=["ca_1", "root_1"]).values_list("kid", "expires_at"))
    assert [round((end - clock.now()) / timedelta(days=1)) for _, end in sorted(ends.items())] == [1055, 3610]


def test_keys_whose_private_half_is_gone_name_no_kek(upgraded: Upgraded) -> None:
    nameless = KeyPair.objects.filter(kek_id="", kid__in=[row[0] for row in upgraded.before])
    assert set(nameless.values_list("state", flat=True)) == {"retired", "retiring"}
    sealed_rows.require_fitting_kek()


def test_a_token_from_before_is_good_after_its_key_was_succeeded(upgraded: Upgraded) -> None:
    assert KeyPair.objects.get(kid="iam_3").state == "retiring"
    assert verify_iam_token(upgraded.token, now=clock.now())


def test_nothing_moves_back(upgraded: Upgraded) -> None:
    with pytest.raises(IntegrityError, match="moves forward only"), transaction.atomic():
        KeyPair.objects.filter(kid="iam_2").update(state="active")
