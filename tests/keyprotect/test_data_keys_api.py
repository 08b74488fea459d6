"""Wrap, unwrap and rewrap over HTTP: bodies, answers, refusals, events (Key Protect contract, section 4)."""

import base64
import json
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.instances.models import ResourceInstance
from tests.keyprotect.calls import KeyProtect, answered, last_event, reason_of, refused
from tests.keyprotect.made import make_key

PLAINTEXT = base64.b64encode(b"a data key").decode()
AAD = ["vol-1", "a"]


@pytest.fixture
def key(instance: ResourceInstance) -> str:
    return make_key(instance, aliases=["db"]).identifier


def wrapped(alice: KeyProtect) -> str:
    return str(alice.wrap("db", plaintext=PLAINTEXT, aad=AAD)["ciphertext"])


@pytest.mark.parametrize("body", [None, b"null", {}, {"plaintext": ""}, {"plaintext": None, "aad": None}], ids=str)
@pytest.mark.parametrize("kind", [None, "application/json", "application/vnd.ibm.kms.key_action_wrap+json", "text/xml"])
def test_a_wrap_without_a_plaintext_makes_a_data_key(alice: KeyProtect, key: str, body: Any, kind: str | None) -> None:
    answer = answered(alice.act(key, "wrap", body, Content_Type=kind), 200)
    assert answer.keys() == {"plaintext", "ciphertext", "keyVersion"}
    assert len(base64.b64decode(answer["plaintext"])) == 32
    assert answer["keyVersion"] == {"id": key}


def test_a_wrap_of_a_plaintext_does_not_answer_with_it(alice: KeyProtect, key: str) -> None:
    assert alice.wrap(key, plaintext=PLAINTEXT).keys() == {"ciphertext", "keyVersion"}


def test_an_unwrap_answers_with_the_plaintext(alice: KeyProtect, key: str) -> None:
    answer = answered(alice.act("db", "unwrap", {"Ciphertext": wrapped(alice), "AAD": AAD}), 200)
    assert answer == {"plaintext": PLAINTEXT, "keyVersion": {"id": key}}


def test_an_unwrap_after_a_rotation_answers_with_a_new_ciphertext(alice: KeyProtect, key: str) -> None:
    ciphertext = wrapped(alice)
    answered(alice.act(key, "rotate"), 204)
    answer = answered(alice.act(key, "unwrap", {"ciphertext": ciphertext, "aad": AAD}), 200)
    assert (answer["plaintext"], answer["keyVersion"]) == (PLAINTEXT, {"id": key})
    assert answer["rewrappedKeyVersion"]["id"] != key
    again = answered(alice.act(key, "unwrap", {"ciphertext": answer["ciphertext"], "aad": AAD}), 200)
    assert again == {"plaintext": PLAINTEXT, "keyVersion": answer["rewrappedKeyVersion"]}
    data = last_event().data
    assert data["keyVersionId"] == answer["rewrappedKeyVersion"]["id"]


def test_a_rewrap_never_answers_with_the_plaintext(alice: KeyProtect, key: str) -> None:
    answer = answered(alice.act(key, "rewrap", {"ciphertext": wrapped(alice), "aad": AAD}), 200)
    assert answer.keys() == {"ciphertext", "keyVersion", "rewrappedKeyVersion"}
    assert last_event().data["rewrappedKeyVersionId"] == key


LONG = base64.b64encode(b"x" * 4_097).decode()
WRONG: dict[str, tuple[str, Any, str, str]] = {
    "bad base64": ("wrap", {"plaintext": "QUJ%"}, "INVALID_FIELD_ERR", "illegal base64 data at input byte 3"),
    "base64url": ("wrap", {"plaintext": "_-_-"}, "INVALID_FIELD_ERR", "input byte 0"),
    "no padding": ("wrap", {"plaintext": "QUI"}, "INVALID_FIELD_ERR", "input byte 3"),
    "a line break": ("wrap", {"plaintext": "QUJD\n"}, "INVALID_FIELD_ERR", "input byte 4"),
    "a long plaintext": ("wrap", {"plaintext": LONG}, "INVALID_FIELD_ERR", "at most 4096 bytes"),
    "a plaintext that is a number": ("wrap", {"plaintext": 5}, "BAD_BODY_ERR", "plaintext"),
    "aad as a string": ("wrap", {"aad": "vol-1"}, "BAD_BODY_ERR", "aad"),
    "aad with a number": ("wrap", {"aad": [1]}, "BAD_BODY_ERR", "aad"),
    "aad with null": ("wrap", {"aad": [None]}, "BAD_BODY_ERR", "aad"),
    "aad with a long string": ("wrap", {"aad": ["x" * 256]}, "INVALID_FIELD_ERR", "aad"),
    "127 aad": ("wrap", {"aad": ["x"] * 127}, "INVALID_FIELD_ERR", "aad"),
    "an unknown member": ("wrap", {"plain": "x"}, "BAD_BODY_ERR", 'json: unknown field "plain"'),
    "no JSON": ("wrap", b"plaintext=x", "BAD_BODY_ERR", "JSON"),
    "no body of an unwrap": ("unwrap", None, "NO_BODY_ERR", "empty"),
    "null for an unwrap": ("unwrap", b"null", "NO_BODY_ERR", "empty"),
    "no body of a rewrap": ("rewrap", None, "NO_BODY_ERR", "empty"),
    "no ciphertext": ("unwrap", {}, "INVALID_FIELD_ERR", "ciphertext"),
    "an empty ciphertext": ("unwrap", {"ciphertext": ""}, "INVALID_FIELD_ERR", "ciphertext"),
    "a ciphertext that is no base64": ("unwrap", {"ciphertext": "A%"}, "INVALID_FIELD_ERR", "input byte 1"),
    "a ciphertext that is no JSON": ("unwrap", {"ciphertext": "AAAA"}, "INVALID_FIELD_ERR", "the original base64"),
    "a huge ciphertext": ("unwrap", {"ciphertext": "A" * 100_000}, "INVALID_FIELD_ERR", "the original base64"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_body_is_refused_with_its_reason(alice: KeyProtect, key: str, case: str) -> None:
    action, body, code, text = WRONG[case]
    answer = alice.act(key, action, body)
    assert refused(answer) == (400, code)
    assert text in reason_of(answer)["message"]


@pytest.mark.parametrize("aad", [None, [], ["vol-2"], ["vol-1"], ["a", "vol-1"], ["vol-1a"]], ids=str)
def test_what_was_wrapped_with_aad_needs_the_same(alice: KeyProtect, key: str, aad: Any) -> None:
    answer = alice.act(key, "unwrap", {"ciphertext": wrapped(alice), "aad": aad})
    assert refused(answer) == (400, "INVALID_FIELD_ERR")
    assert reason_of(answer)["target"] == {"type": "field", "name": "ciphertext"}


def test_the_form_of_the_body_is_checked_before_the_key(alice: KeyProtect, key: str) -> None:
    assert refused(alice.act("none", "wrap", {"aad": "x"})) == (400, "BAD_BODY_ERR")
    assert refused(alice.act("none", "wrap")) == (404, "KEY_NOT_FOUND_ERR")


def test_a_standard_key_wraps_nothing_in_any_state(alice: KeyProtect, instance: ResourceInstance) -> None:
    standard = make_key(instance, extractable=True).identifier
    for action in ("wrap", "rotate", "disable", "enable"):
        assert refused(alice.act(standard, action)) == (400, "KEY_ROOT_REQ_ERR")


def test_a_suspended_key_does_nothing_until_it_is_enabled(alice: KeyProtect, key: str) -> None:
    answered(alice.act(key, "disable"), 204)
    answer = alice.act(key, "wrap")
    assert refused(answer) == (409, "KEY_ACTION_INVALID_STATE_ERR")
    assert reason_of(answer)["message"].startswith("Key is not in a valid state")
    assert refused(alice.act(key, "enable", b"null")) == (409, "REQ_TOO_EARLY_ERR")


def test_every_use_leaves_one_event_without_any_secret(alice: KeyProtect, key: str) -> None:
    ciphertext = wrapped(alice)
    alice.act(key, "unwrap", {"ciphertext": ciphertext, "aad": AAD})
    alice.act(key, "unwrap", {"ciphertext": ciphertext})
    alice.act(key, "rewrap", {"ciphertext": ciphertext, "aad": AAD})
    events = list(ActivityEvent.objects.filter(action__startswith="kms.").order_by("pk"))[1:]
    assert [(each.action, each.reason_code) for each in events] == [
        ("kms.secrets.wrap", 200),
        ("kms.secrets.unwrap", 200),
        ("kms.secrets.unwrap", 400),
        ("kms.secrets.rewrap", 200),
    ]
    text = json.dumps([[each.data, each.message, each.target_name] for each in events])
    assert not [secret for secret in (PLAINTEXT, ciphertext[:40], *AAD[:1]) if secret in text]
    assert events[0].data["requestURI"] == "/api/v2/keys/db/actions/wrap"
