"""Text that both databases keep."""

import pytest

from controlplane.kernel.text import is_storable, storable, storable_json

ODD = {"nul": ("a\0b", "a\ufffdb"), "half-a-pair": ("\ud83d", "\ufffd"), "the-other-half": ("\ude00x", "\ufffdx")}


@pytest.mark.parametrize(("text", "kept"), ODD.values(), ids=ODD)
def test_what_cannot_be_kept_is_replaced(text: str, kept: str) -> None:
    assert not is_storable(text)
    assert storable(text) == kept


@pytest.mark.parametrize("text", ["", "web-1", "\u0085\n\t", "\U0001f600", "\ufffd"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert is_storable(text)
    assert storable(text) == text


def test_names_and_values_of_json_are_replaced_at_any_depth() -> None:
    assert storable_json({"a\0": [{"b": ("\0", 1, None)}]}) == {"a\ufffd": [{"b": ["\ufffd", 1, None]}]}
