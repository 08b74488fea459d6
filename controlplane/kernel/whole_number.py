"""The one way to read a number that a request writes as text."""


def whole_number(text: str, *, largest: int) -> int | None:
    """The number from 0 to ``largest`` that these digits are. None for any other text.

    Digits of other scripts, signs and spaces make no number here, nor do more digits than the largest has: int() takes
    the former, and raises ValueError for some thousand of the latter.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(largest)):
        return None
    number = int(text)
    return number if number <= largest else None
