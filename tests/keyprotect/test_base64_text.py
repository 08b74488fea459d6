"""Standard base64, and the position where a text stops being it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.keyprotect.base64_text import IllegalBase64, decode, encode


@given(st.binary(max_size=100))
def test_what_is_encoded_decodes_again(content: bytes) -> None:
    assert decode(encode(content)) == content
    assert encode(content) == base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("QUJ%", 3),
        ("%QUJD", 0),
        ("QUJD QUJD", 4),
        ("QUJD\n", 4),
        ("QUJD\nQUJD", 4),
        ("QUI", 3),
        ("QUJDQ", 5),
        ("QUJDQ===", 7),
        ("QUI==", 3),
        ("=", 0),
        ("====", 2),
        ("QU=I", 3),
        ("QUI=QUI=", 4),
        ("-_-_", 0),
        ("ÄÄÄÄ", 0),
    ],
)
def test_anything_else_is_refused_with_the_position(text: str, position: int) -> None:
    with pytest.raises(IllegalBase64) as refusal:
        decode(text)
    assert refusal.value.position == position


@given(st.text(max_size=12))
def test_a_text_either_decodes_or_is_refused_within_its_length(text: str) -> None:
    try:
        position, content = 0, decode(text)
    except IllegalBase64 as refusal:
        position, content = refusal.position, b""
    assert 0 <= position <= len(text)
    assert len(content) <= len(text) * 3 / 4
