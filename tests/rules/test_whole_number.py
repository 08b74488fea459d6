"""Numbers that a request writes as text."""

import pytest

from controlplane.kernel.whole_number import whole_number
from tests.tables import check_each

NUMBERS = {"0": 0, "7": 7, "007": 7, "100": 100}
NO_NUMBERS = {
    "nothing": "",
    "a-sign": "+1",
    "below-zero": "-1",
    "a-space": " 1",
    "an-underscore": "1_0",
    "a-fraction": "1.0",
    "another-script": "\N{ARABIC-INDIC DIGIT THREE}",
    "a-digit-on-high": "\N{SUPERSCRIPT TWO}",
    "hexadecimal": "0x1",
    "nul": "1\0",
    "beyond-the-largest": "101",
    "a-small-number-in-many-digits": "0000000019",
    "beyond-int": "1" * 5_000,
}


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_ascii_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text, largest=100) == number


def test_other_text_is_none() -> None:
    def check(name: str) -> None:
        text = NO_NUMBERS[name]
        assert whole_number(text, largest=100) is None

    check_each(NO_NUMBERS, check)
