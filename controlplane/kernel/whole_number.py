"""The one way to read a number that a request writes as text."""


def whole_number(text: str, *, largest: int) -> int | None:
    """Return the number from 0 to ``largest`` that these digits stand for; None for any other text.

    Digits of other scripts, signs and spaces are refused, although int() accepts them. So is a text with more digits
    than the largest number has: int() raises ValueError for some thousand digits.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(largest)):
        return None
    number = int(text)
    return number if number <= largest else None
