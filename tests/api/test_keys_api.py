"""SSH keys: imported, measured, fingerprinted, renamed, deleted; each in its account and region."""

import base64
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ibm_vpc.vpc_v1 import Key, KeyCollection

from controlplane.activity.models import ActivityEvent
from servers.models import Key as KeyRow
from tests.api.vpc import Api, errors, fits
from tests.tables import alone, check_each
from tests.world import ACCOUNT, MALLORY, World
from trustedprofiles.selectors import default_resource_group

KEYS = "/v1/keys"
EU_DE = "eu-de.iaas.cloud.ibm.com"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKjG3kpn6sbSLUyT8fKwIhLlzZzkmN0cYVmUG1Yb0YwG"


def openssh(public: Any) -> str:
    return str(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())


def rsa_key(bits: int) -> str:
    return openssh(rsa.generate_private_key(65537, bits).public_key())


@pytest.fixture(scope="module")
def rsa_2048() -> str:
    return rsa_key(2048)


def create(api: Api, public_key: Any = ED25519, **rest: Any) -> Any:
    return api.call("POST", KEYS, {"public_key": public_key, **rest})


def made(api: Api, public_key: str = ED25519, **rest: Any) -> dict[str, Any]:
    answer = create(api, public_key, **rest)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


# --- creating


def test_a_key_has_all_that_the_sdk_requires(api: Api) -> None:
    body = made(api, name="laptop")
    assert fits(Key, body).name == "laptop"
    assert body["crn"] == f"crn:v1:bluemix:public:is:us-south:a/{ACCOUNT}::key:{body['id']}"


def test_a_key_answers_as_it_was_made(api: Api) -> None:
    body = made(api)
    assert api.get(f"{KEYS}/{body['id']}").json() == body


def test_a_key_without_a_name_is_given_four_words(api: Api) -> None:
    assert len(made(api)["name"].split("-")) == 4


@pytest.fixture(params=[("ed25519", 256), ("rsa", 2048), ("rsa", 4096)], ids=["ed25519", "rsa-2048", "rsa-4096"])
def keygen(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, int, str, str]:
    """Type, length, public key and fingerprint, all by OpenSSH's own word."""
    kind, length = request.param
    path = tmp_path / "key"
    try:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-b", str(length), "-N", "", "-C", "a comment", "-f", str(path)],
            check=True,
        )
    except FileNotFoundError:
        pytest.skip("there is no ssh-keygen here")
    output = subprocess.run(["ssh-keygen", "-l", "-f", str(path)], check=True, capture_output=True, text=True).stdout
    bits, fingerprint, *_ = output.split()
    return kind, int(bits), path.with_suffix(".pub").read_text(), fingerprint


def test_type_length_and_fingerprint_are_those_that_openssh_prints(api: Api, keygen: tuple[str, int, str, str]) -> None:
    kind, bits, public_key, fingerprint = keygen
    body = made(api, public_key)
    assert (body["type"], body["length"], body["fingerprint"]) == (kind, bits, fingerprint)


@pytest.mark.parametrize(("name", "length"), [("ed25519", 256), ("rsa", 2048)])
def test_the_type_is_what_the_key_is(api: Api, rsa_2048: str, name: str, length: int) -> None:
    # D-48
    body = made(api, ED25519 if name == "ed25519" else rsa_2048)
    assert (body["type"], body["length"]) == (name, length)


WRITTEN = {
    "comment": "{algorithm} {key} alice@laptop",
    "comment-of-many-words": "{algorithm} {key} Alice's new laptop",
    "whitespace": "  {algorithm} \t {key}\t\n",
    "crlf": "{algorithm} {key}\r\n",
    "no-algorithm": "{key}",
    "no-algorithm-and-a-comment": "{key} alice@laptop",
    "another-algorithm": "ssh-rsa {key}",
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_only_the_key_field_counts(api: Api, written: str) -> None:
    algorithm, key = ED25519.split()
    assert made(api, written.format(algorithm=algorithm, key=key))["public_key"] == ED25519


def wire(*parts: bytes) -> str:
    """A key of these parts, the first of them its algorithm, in OpenSSH's words."""
    blob = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return f"{parts[0].decode()} {base64.b64encode(blob).decode()}"


BAD_KEYS: dict[str, Any] = {
    "empty": "",
    "space": "  ",
    "words": "not a key",
    "algorithm-alone": "ssh-ed25519",
    "base64-cut": ED25519[:-3],
    "base64-shortened": ED25519[:-4],
    "base64-with-rubbish": ED25519[:40] + "$" + ED25519[40:],
    "base64-without-a-key": "ssh-rsa AAAA",
    "length-beyond-the-end": "ssh-rsa " + base64.b64encode(b"\0\0\0\xffssh-rsa").decode(),
    "trailing-data": wire(b"ssh-ed25519", b"k" * 32, b"more"),
    "no-modulus": wire(b"ssh-rsa", b"\1\0\1"),
    "even-exponent": wire(b"ssh-rsa", b"\2", b"\0" + b"\xff" * 256),
    "two-lines": f"{ED25519}\n{ED25519}",
    "options": f'from="10.0.0.1" {ED25519}',
    "dsa": wire(b"ssh-dss", b"\0" + b"\xff" * 128, b"\1" * 20, b"\2" * 128, b"\3" * 128),
    "ecdsa": openssh(ec.generate_private_key(ec.SECP256R1()).public_key()),
    "security-key": wire(b"sk-ssh-ed25519@openssh.com", b"k" * 32, b"ssh:"),
    "certificate": wire(b"ssh-ed25519-cert-v01@openssh.com", b"n" * 32, b"k" * 32),
    "not-ascii": "ssh-ed25519 ÄÄÄÄ",
    "private": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----",
    "huge": f"{ED25519} {'c' * 20_000}",
    "number": 5,
    "null": None,
    "list": [ED25519],
    "nul": f"{ED25519}\0",
}


def test_what_is_no_such_key_is_refused(api: Api) -> None:
    def check(name: str) -> None:
        public_key = BAD_KEYS[name]
        answer = create(api, public_key)
        assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "public_key")])

    check_each(BAD_KEYS, alone(check))


def mpint(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1)


WEAK_KEYS = {
    "even": 2**2047 + 2,
    "a-multiple-of-three": 2**2047 + 1,
    "a-square": (2**1023 + 2**1022 + 5) ** 2,
    "a-prime": 2**2048 - 1557,
}


@pytest.mark.parametrize("modulus", WEAK_KEYS.values(), ids=WEAK_KEYS.keys())
def test_an_rsa_key_that_can_be_factored_is_refused_and_told_what_makes_another(api: Api, modulus: int) -> None:
    answer = create(api, wire(b"ssh-rsa", mpint(65537), mpint(modulus)))
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "public_key")])
    assert "ssh-keygen" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("bits", [1024, 3072])
def test_an_rsa_key_of_another_length_is_refused(api: Api, bits: int) -> None:
    answer = create(api, rsa_key(bits))
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "public_key")])


BAD_BODIES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no-key": ({}, [("missing_field", "public_key")]),
    "name": ({"public_key": ED25519, "name": "Laptop"}, [("invalid_value", "name")]),
    "type": ({"public_key": ED25519, "type": "dsa"}, [("invalid_value", "type")]),
    "another-type": ({"public_key": ED25519, "type": "rsa"}, [("invalid_value", "type")]),
    "group": ({"public_key": ED25519, "resource_group": {"id": "none"}}, [("bad_field", "resource_group")]),
    "group-text": ({"public_key": ED25519, "resource_group": "none"}, [("invalid_value", "resource_group")]),
    "unknown": ({"public_key": ED25519, "colour": "red"}, [("unknown_field", "colour")]),
    "all-at-once": (
        {"name": "-", "type": 1},
        [("missing_field", "public_key"), ("invalid_value", "name"), ("invalid_value", "type")],
    ),
}


def test_a_body_is_refused(api: Api) -> None:
    def check(name: str) -> None:
        body, problem = BAD_BODIES[name]
        answer = api.call("POST", KEYS, body)
        assert (answer.status_code, errors(answer)) == (400, problem)

    check_each(BAD_BODIES, alone(check))


def test_a_refused_key_is_not_kept(api: Api) -> None:
    create(api, type="rsa")
    assert not KeyRow.objects.exists()


def test_the_same_key_is_refused_under_another_name_and_comment(api: Api) -> None:
    made(api, name="one")
    answer = create(api, f"{ED25519} again", name="two")
    assert (answer.status_code, errors(answer)) == (400, [("validation_unique_failed", "public_key")])


def test_another_key_of_the_same_name_is_refused(api: Api, rsa_2048: str) -> None:
    made(api, name="laptop")
    answer = create(api, rsa_2048, name="laptop")
    assert (answer.status_code, errors(answer)) == (400, [("validation_unique_failed", "name")])


def test_another_region_may_have_the_same_key_and_name(api: Api) -> None:
    made(api, name="laptop")
    answer = api.call("POST", KEYS, {"public_key": ED25519, "name": "laptop"}, Host=EU_DE)
    assert answer.status_code == 201
    assert answer.json()["id"].startswith("r010-")


def test_another_account_may_have_the_same_key_and_name(api: Api) -> None:
    made(api, name="laptop")
    assert create(Api(MALLORY), name="laptop").status_code == 201


def test_the_quota_of_keys_is_kept(api: Api, rsa_2048: str, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"keys": 1}
    made(api)
    answer = create(api, rsa_2048)
    assert (answer.status_code, errors(answer)[0][0]) == (400, "over_quota")


# --- listing


def test_keys_are_listed_newest_first(api: Api, rsa_2048: str) -> None:
    made(api, name="one")
    made(api, rsa_2048, name="two")
    body = api.get(KEYS).json()
    assert [key.name for key in fits(KeyCollection, body).keys] == ["two", "one"]


def test_keys_are_filtered_by_resource_group(api: Api) -> None:
    group = made(api)["resource_group"]["id"]
    counts = [api.get(KEYS, f"resource_group.id={each}").json()["total_count"] for each in (group, "none")]
    assert counts == [1, 0]


def test_keys_come_in_pages(api: Api, rsa_2048: str) -> None:
    made(api, name="one")
    made(api, rsa_2048, name="two")
    first = api.get(KEYS, "limit=1").json()
    second = api.get(KEYS, first["next"]["href"].partition("?")[2]).json()
    assert [key["name"] for key in first["keys"] + second["keys"]] == ["two", "one"]
    assert "next" not in second


# --- changing and deleting


def test_a_key_is_renamed_and_nothing_else(api: Api) -> None:
    before = made(api, name="old")
    answer = api.call("PATCH", f"{KEYS}/{before['id']}", {"name": "new"})
    assert answer.json() == before | {"name": "new"}


def test_an_empty_patch_changes_nothing(api: Api) -> None:
    before = made(api)
    assert api.call("PATCH", f"{KEYS}/{before['id']}", {}).json() == before


@pytest.mark.parametrize(
    ("patch", "refused"),
    [
        ({"name": None}, ("invalid_value", "name")),
        ({"name": ""}, ("invalid_value", "name")),
        ({"name": "taken"}, ("validation_unique_failed", "name")),
        ({"public_key": ED25519}, ("unknown_field", "public_key")),
    ],
)
def test_a_patch_is_refused(api: Api, rsa_2048: str, patch: dict[str, Any], refused: tuple[str, str]) -> None:
    made(api, rsa_2048, name="taken")
    key = made(api, name="mine")
    answer = api.call("PATCH", f"{KEYS}/{key['id']}", patch)
    assert (answer.status_code, errors(answer)) == (400, [refused])


def test_a_deleted_key_is_gone_and_can_be_made_again(api: Api) -> None:
    key = made(api, name="laptop")
    assert api.call("DELETE", f"{KEYS}/{key['id']}").status_code == 204
    assert api.get(f"{KEYS}/{key['id']}").status_code == 404
    assert made(api, name="laptop")["id"] != key["id"]


# --- whose they are


CALLS = [("GET", None), ("PATCH", {"name": "hers"}), ("DELETE", None)]


@pytest.mark.parametrize(("method", "body"), CALLS, ids=[method for method, _ in CALLS])
def test_another_account_and_another_region_find_no_such_key(api: Api, method: str, body: Any) -> None:
    path = f"{KEYS}/{made(api, name='mine')['id']}"
    answers = [Api(MALLORY).call(method, path, body), api.call(method, path, body, Host=EU_DE)]
    assert [(answer.status_code, errors(answer)) for answer in answers] == [(404, [("not_found", "")])] * 2
    assert KeyRow.objects.get().name == "mine"


def test_another_account_and_another_region_list_no_such_key(api: Api) -> None:
    made(api)
    answers = [Api(MALLORY).get(KEYS), api.get(KEYS, Host=EU_DE)]
    assert [answer.json()["total_count"] for answer in answers] == [0, 0]


def test_another_accounts_resource_group_is_not_found(world: World, api: Api) -> None:
    group = default_resource_group(world.other_account.id)
    answer = create(api, resource_group={"id": group.id})
    assert errors(answer) == [("bad_field", "resource_group")]


@pytest.mark.parametrize(
    ("method", "body", "event"),
    [("GET", None, "read"), ("PATCH", {"name": "new"}, "update"), ("DELETE", None, "delete")],
)
def test_each_call_leaves_one_event_on_the_key(api: Api, method: str, body: Any, event: str) -> None:
    key = made(api)
    answer = api.call(method, f"{KEYS}/{key['id']}", body)
    actual_event = ActivityEvent.objects.get(request_id=answer["X-Request-Id"])
    assert (actual_event.action, actual_event.target_id) == (f"is.key.key.{event}", key["crn"])
