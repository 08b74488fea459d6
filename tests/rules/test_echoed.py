"""What a refusal repeats of a request: nothing is cut in half."""

import pytest

from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.text import LONGEST_ECHO, echoed

CRN = (
    "crn:v1:bluemix:public:is:us-south-1:a/"
    + "0" * 32
    + "::bare-metal-server:0717-5e095b83-6d76-42ee-aa11-2b6ab3c04be9"
)
WORDS = "word " * LONGEST_ECHO


@pytest.mark.parametrize("text", ["", "web-1", CRN, "x" * LONGEST_ECHO])
def test_a_value_of_the_usual_length_is_repeated_whole(text: str) -> None:
    assert InvalidValue("no", target=Target("crn", value=text)).as_json()["target"]["value"] == text


def test_of_a_long_text_whole_words_are_repeated() -> None:
    words, mark, rest = echoed(WORDS).partition(" ... ")
    assert set(words.split()) == {"word"}
    assert (mark, rest) == (" ... ", f"({len(WORDS)} characters)")
    assert len(words) <= LONGEST_ECHO


def test_of_a_word_that_is_too_long_only_its_length_is_told() -> None:
    assert echoed("x" * (LONGEST_ECHO + 1)) == f"... ({LONGEST_ECHO + 1} characters)"
