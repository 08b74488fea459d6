"""AES-256-GCM around data keys: what decrypts, and what does not."""

import base64
import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.keyprotect.wrapping import NotWrapped, parse, unwrap, wrap

MATERIAL = os.urandom(32)
VERSION = "3c1b0b8e-9a6f-4f0e-8d0d-2f3a5d6e7f80"
AAD = st.lists(st.text(max_size=8), max_size=3)


def wrapped(plaintext: bytes = b"a data key", aad: list[str] | None = None, material: bytes = MATERIAL) -> str:
    return wrap(plaintext, material=material, version=VERSION, aad=aad or [])


def altered(text: str, **members: Any) -> str:
    content = json.loads(base64.b64decode(text)) | members
    return base64.b64encode(json.dumps({k: v for k, v in content.items() if v is not None}).encode()).decode()


@given(st.binary(min_size=1, max_size=64), AAD, st.sampled_from([16, 24, 32]))
def test_what_is_wrapped_is_unwrapped_under_the_same_material_with_the_same_aad(
    plaintext: bytes, aad: list[str], size: int
) -> None:
    material = os.urandom(size)
    assert unwrap(parse(wrapped(plaintext, aad, material)), material=material, aad=aad) == plaintext


@given(AAD, AAD)
def test_other_aad_does_not_unwrap(aad: list[str], other: list[str]) -> None:
    result = unwrap(parse(wrapped(b"key", aad)), material=MATERIAL, aad=other)
    assert result == (b"key" if aad == other else None)


def test_the_division_of_aad_counts() -> None:
    assert unwrap(parse(wrapped(b"key", ["a", "b"])), material=MATERIAL, aad=["ab"]) is None
    assert unwrap(parse(wrapped(b"key", ["a", "b"])), material=MATERIAL, aad=["b", "a"]) is None


def test_an_empty_list_of_aad_equals_none() -> None:
    assert unwrap(parse(wrapped(b"key")), material=MATERIAL, aad=()) == b"key"


def test_other_material_does_not_unwrap() -> None:
    assert unwrap(parse(wrapped()), material=os.urandom(32), aad=[]) is None


def test_two_wraps_of_the_same_differ() -> None:
    assert wrapped() != wrapped()


def test_the_form_is_ibms() -> None:
    content = json.loads(base64.b64decode(wrapped()))
    assert content.keys() == {"ciphertext", "iv", "version", "handle"}
    assert (content["version"], content["handle"], len(base64.b64decode(content["iv"]))) == ("4.0.0", VERSION, 12)
    assert len(base64.b64decode(content["ciphertext"])) == len(b"a data key") + 16


def test_the_handle_is_a_hint_that_the_tag_does_not_cover() -> None:
    other = parse(altered(wrapped(), handle="another"))
    assert (other.handle, unwrap(other, material=MATERIAL, aad=[])) == ("another", b"a data key")


@given(st.integers(0, 25), st.integers(1, 255))
def test_no_altered_byte_unwraps(position: int, difference: int) -> None:
    text = wrapped()
    sealed = bytearray(base64.b64decode(json.loads(base64.b64decode(text))["ciphertext"]))
    sealed[position] ^= difference
    other = altered(text, ciphertext=base64.b64encode(bytes(sealed)).decode())
    assert unwrap(parse(other), material=MATERIAL, aad=[]) is None


@pytest.mark.parametrize(
    "members",
    [
        {"iv": None},
        {"ciphertext": None},
        {"handle": None},
        {"version": None},
        {"version": "3.0.0"},
        {"more": "member"},
        {"iv": 5},
        {"iv": "####"},
        {"iv": base64.b64encode(b"x" * 16).decode()},
        {"iv": ""},
        {"ciphertext": "%"},
        {"handle": ["a"]},
    ],
    ids=str,
)
def test_an_object_of_another_form_is_not_a_wrapped_key(members: dict[str, Any]) -> None:
    with pytest.raises(NotWrapped):
        parse(altered(wrapped(), **members))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"1", b"\xff\xfe", b"{" * 5000, b'{"iv": NaN}'])
def test_other_content_is_not_a_wrapped_key(content: bytes) -> None:
    with pytest.raises(NotWrapped):
        parse(base64.b64encode(content).decode())


def test_a_huge_text_is_not_a_wrapped_key() -> None:
    with pytest.raises(NotWrapped):
        parse("A" * 1_000_000)


def test_a_ciphertext_shorter_than_its_tag_does_not_unwrap() -> None:
    short = parse(altered(wrapped(), ciphertext=base64.b64encode(b"short").decode()))
    assert unwrap(short, material=MATERIAL, aad=[]) is None
