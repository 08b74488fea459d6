"""Standard base64 with padding (RFC 4648, section 4), and where a text stops being it."""

import base64
import re

ALPHABET = re.compile(r"[A-Za-z0-9+/]*")
PADDING = re.compile(r"={0,2}")
GROUP = 4


class IllegalBase64(ValueError):
    """``position`` is that of the first character that cannot be there."""

    def __init__(self, position: int) -> None:
        super().__init__(f"illegal base64 data at input byte {position}")
        self.position = position


def encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def decode(text: str) -> bytes:
    """Return the bytes. Raises IllegalBase64, also for base64url, line breaks and missing padding."""
    digits = ALPHABET.match(text)
    end = digits.end() if digits else 0
    padding = PADDING.match(text, end)
    stop = padding.end() if padding else end
    if stop != len(text):
        raise IllegalBase64(stop)
    if len(text) % GROUP or end % GROUP == 1:
        raise IllegalBase64(end)
    return base64.b64decode(text, validate=True)
