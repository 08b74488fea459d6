"""Which bare metal servers an image may be used for: the part of Common Expression Language that IBM's images need.

``enable_secure_boot`` is the only variable (VPC API, ``allowed_use.bare_metal_server``)::

    either     = both { "||" both }
    both       = one { "&&" one }
    one        = "!" one | "(" either ")" | "true" | "false" | "enable_secure_boot" [ "==" ( "true" | "false" ) ]
"""

import re

LONGEST = 256
DEEPEST = 32
TOKEN = re.compile(r"\s*(\|\||&&|==|[!()]|true\b|false\b|enable_secure_boot\b)")


def holds(expression: str, *, enable_secure_boot: bool) -> bool:
    """Whether a server with, or without, secure boot is allowed. Raises ValueError for what is no such expression."""
    return _Reading(_tokens(expression), enable_secure_boot).whole()


def _tokens(expression: str) -> list[str]:
    text = expression.strip()
    if len(text) > LONGEST:
        raise ValueError(f"The expression is longer than {LONGEST} characters.")
    tokens, position = [], 0
    while position < len(text):
        found = TOKEN.match(text, position)
        if not found:
            raise ValueError(f"The expression cannot be read from here on: {text[position : position + 20]}")
        tokens.append(found[1])
        position = found.end()
    if tokens.count("(") + tokens.count("!") > DEEPEST:
        raise ValueError(f"The expression has more than {DEEPEST} parentheses and negations.")
    return tokens


class _Reading:
    """Both sides of an operator are always read, so that nothing wrong hides behind what is decided already."""

    def __init__(self, tokens: list[str], enable_secure_boot: bool) -> None:
        self.tokens = tokens[::-1]
        self.enable_secure_boot = enable_secure_boot

    def whole(self) -> bool:
        value = self.either()
        if self.tokens:
            raise ValueError(f"The expression goes on where it should end: {self.tokens[-1]}")
        return value

    def either(self) -> bool:
        value = self.both()
        while self.takes("||"):
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.one()
        while self.takes("&&"):
            value = self.one() and value
        return value

    def one(self) -> bool:
        match self.next():
            case "!":
                return not self.one()
            case "(":
                value = self.either()
                if not self.takes(")"):
                    raise ValueError("A parenthesis is not closed.")
                return value
            case "enable_secure_boot":
                return self.enable_secure_boot == (self.literal(self.next()) if self.takes("==") else True)
            case token:
                return self.literal(token)

    @staticmethod
    def literal(word: str) -> bool:
        if word not in ("true", "false"):
            raise ValueError(f"A value is missing before {word or 'the end'}.")
        return word == "true"

    def next(self) -> str:
        """The next token; nothing at the end."""
        return self.tokens.pop() if self.tokens else ""

    def takes(self, token: str) -> bool:
        if self.tokens and self.tokens[-1] == token:
            self.tokens.pop()
            return True
        return False
