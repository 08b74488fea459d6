"""The administrator's password of a Windows server: strong, and readable by the holder of the key alone."""

import base64
import string
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers import catalog
from servers.models import Key
from servers.services.host_accounts import SYMBOLS, administrator_of, key_problems
from servers.services.keys import create_key
from tests.tables import assert_none, assert_rows
from tests.world import REGION, World

BY = Party("IBMid-ALICE00001", "Alice", "User")
WINDOWS = [
    "windows-2012-amd64",
    "windows-2012-r2-amd64",
    "windows-2016-amd64",
    "windows-2019-amd64",
    "windows-2022-amd64",
    "windows-2025-amd64",
]
ESXI = ["esxi-7-byol-amd64", "esxi-8-byol-amd64"]


def openssh(private: Any) -> str:
    return str(private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def rsa_key(world: World, private: rsa.RSAPrivateKey) -> Key:
    return create_key(world.account, region=REGION, public_key=openssh(private), name="rsa", by=BY)


@pytest.fixture
def ed25519_key(world: World) -> Key:
    return create_key(world.account, region=REGION, public_key=openssh(Ed25519PrivateKey.generate()), by=BY)


def password_of(account: Any, private: rsa.RSAPrivateKey) -> str:
    return private.decrypt(base64.b64decode(account["encrypted_password"]), padding.PKCS1v15()).decode()


def test_windows_and_esxi_have_an_administrator(rsa_key: Key) -> None:
    expected = {system: ["Administrator"] for system in WINDOWS} | {system: ["root"] for system in ESXI}
    names = {system: [each["username"] for each in administrator_of(system, [rsa_key])] for system in expected}
    assert_rows(names, expected)


def test_nothing_else_has_an_account(rsa_key: Key) -> None:
    others = [*sorted(set(catalog.operating_systems()) - {*WINDOWS, *ESXI}), "unknown"]
    assert_none([system for system in others if administrator_of(system, [rsa_key])], among=others)


@pytest.mark.parametrize("system", [WINDOWS[0], ESXI[0]])
def test_the_holder_of_the_key_reads_a_strong_password(rsa_key: Key, private: rsa.RSAPrivateKey, system: str) -> None:
    [account] = administrator_of(system, [rsa_key])
    password = password_of(account, private)
    assert len(password) >= 20
    for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS):
        assert set(password) & set(kind)


def test_no_two_servers_have_the_same_password(rsa_key: Key, private: rsa.RSAPrivateKey) -> None:
    passwords = {password_of(administrator_of(WINDOWS[0], [rsa_key])[0], private) for _ in range(20)}
    assert len(passwords) == 20


def test_a_longer_key_encrypts_as_well(world: World) -> None:
    private = rsa.generate_private_key(65537, 4096)
    key = create_key(world.account, region=REGION, public_key=openssh(private), by=BY)
    [account] = administrator_of(WINDOWS[0], [key])
    assert len(password_of(account, private)) >= 20


def test_the_first_rsa_key_is_the_one(rsa_key: Key, ed25519_key: Key, world: World) -> None:
    other = create_key(world.account, region=REGION, public_key=openssh(rsa.generate_private_key(65537, 2048)), by=BY)
    [account] = administrator_of(WINDOWS[0], [ed25519_key, rsa_key, other])
    assert account["encryption_key"] == {
        "id": rsa_key.id,
        "crn": rsa_key.crn,
        "name": "rsa",
        "fingerprint": rsa_key.fingerprint,
    }


@pytest.mark.parametrize("with_a_key", [True, False])
def test_without_an_rsa_key_there_is_no_account(ed25519_key: Key, with_a_key: bool) -> None:
    assert administrator_of(WINDOWS[0], [ed25519_key] if with_a_key else []) == []


def test_the_password_is_written_nowhere(
    rsa_key: Key, private: rsa.RSAPrivateKey, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    [account] = administrator_of(WINDOWS[0], [rsa_key])
    password = password_of(account, private)
    printed = capsys.readouterr()
    events = [str(row) for row in ActivityEvent.objects.values()]
    assert password not in "".join([caplog.text, printed.out, printed.err, str(account), *events])


NO_RSA = "needs at least one key of type rsa"
NO_ED25519 = "Ed25519 keys cannot be used with VMware ESXi"
RULES: list[tuple[str, list[str], str]] = [
    *((system, [], NO_RSA) for system in WINDOWS),
    (WINDOWS[0], ["ed25519"], NO_RSA),
    (WINDOWS[0], ["rsa"], ""),
    (WINDOWS[0], ["ed25519", "rsa"], ""),
    *((system, ["ed25519"], NO_ED25519) for system in ESXI),
    (ESXI[0], ["rsa", "ed25519"], NO_ED25519),
    (ESXI[0], ["rsa"], ""),
    (ESXI[0], [], ""),
    ("ubuntu-22-04-amd64", [], ""),
    ("ubuntu-22-04-amd64", ["ed25519"], ""),
    ("ubuntu-22-04-amd64", ["rsa", "ed25519"], ""),
    ("unknown", ["ed25519"], ""),
]


def test_keys_suit_the_operating_system_or_not() -> None:
    problems = {(system, *types): key_problems(system, types) for system, types, _ in RULES}
    wrong = {
        (system, *types): problems[system, *types]
        for system, types, problem in RULES
        if len(problems[system, *types]) != bool(problem) or problem not in "".join(problems[system, *types])
    }
    assert_none(wrong, among=RULES)
