"""Text that no database keeps, text that is none, and numbers beyond every machine: what a client may send anywhere."""

from collections.abc import Iterator

NUL = "\0"
ENCODED = {
    "nul": "%00",
    "nul-within": "a%00b",
    "a-surrogate": "%ED%A0%80",
    "bytes-that-are-no-text": "%FF%FE",
    "control-characters": "%01%1B%7F%C2%85",
    "line-ends": "a%0D%0AX-Evil:%201",
    "a-digit-of-another-script": "%D9%A3",
    "a-digit-on-high": "%C2%B2",
    "a-number-beyond-a-column": "9" * 25,
    "a-number-beyond-int": "1" * 5_000,
    "a-number-that-is-another-cut-short": "0000000019999",
    "a-negative-number": "-1",
    "turned-text": "%E2%80%AE%F0%9F%98%80",
}
"""As it stands in a path, in a query or in a form."""
CHARSETS = ["utf-7", "hex", "idna", "unicode_escape", "utf-16", "no-such-charset"]
"""Some make lone surrogates of bytes, some are no encodings of text, one fails in a way of its own."""
ADDRESSES = ["http://[", "//[::", "\xff\xfe", "a\tb", "http://x/%00"]
"""What stands for a URL in a header."""
BODY_VALUES = ["a\0b", {"a\0b": 10**30}]
"""What JSON may hold; a lone surrogate is no JSON here."""
FEW = [ENCODED[name] for name in ("nul-within", "bytes-that-are-no-text", "a-number-beyond-int")]
"""Of the encoded ones, for what has many places for them."""


def queries(*names: str) -> Iterator[str]:
    """Each parameter with each of the few, and each of those as a parameter's name."""
    for value in FEW:
        yield f"{value}=x"
        for name in names:
            yield f"{name}={value}"
