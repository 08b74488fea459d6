"""The expressions that say which servers may use an image: the part of Common Expression Language that IBM's images
need.

No functions and no macros (VPC API, ``allowed_use``)::

    either     = both { "||" both }
    both       = relation { "&&" relation }
    relation   = one [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) one ]
    one        = "!" one | "(" either ")" | "true" | "false" | integer | string | variable
"""

import operator
import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

LONGEST = 256
DEEPEST = 32
TOKEN = re.compile(r"""\s*(\|\||&&|[=!<>]=|[<>!()]|\d{1,9}\b|'[^'\\\n]*'|"[^"\\\n]*"|[A-Za-z_][A-Za-z_.]*(?![\w.]))""")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SETTINGS = ("enable_secure_boot", "metadata_service.enabled", "metadata_service.protocol")
"""The variables that depend on the settings of a virtual server, not on its profile."""
INSTANCE: Mapping[str, bool | int | str] = {
    "enable_secure_boot": True,
    "gpu.count": 0,
    "gpu.manufacturer": "",
    "gpu.memory": 0,
    "gpu.model": "",
    "metadata_service.enabled": True,
    "metadata_service.protocol": "",
    "vcpu.count": 0,
}
"""The variables of expressions about virtual servers, each with a value of its type."""


def holds(expression: str, *, enable_secure_boot: bool) -> bool:
    """Return whether a bare metal server with or without secure boot is allowed.

    Raises ValueError for an invalid expression.
    """
    return _Reading(_tokens(expression), {"enable_secure_boot": enable_secure_boot}).whole()


def usable_by_instance(expression: str, *, vcpu: int, gpu: tuple[int, str, str, int]) -> bool:
    """Return whether a virtual server with this hardware is allowed.

    It is allowed if some setting of secure boot and the metadata service is. ``gpu`` is the number of GPUs, their
    manufacturer and model, and the memory of all together in GiB. Raises ValueError for an invalid expression.
    """
    count, manufacturer, model, memory = gpu
    hardware: dict[str, bool | int | str] = {
        "gpu.count": count,
        "gpu.manufacturer": manufacturer,
        "gpu.memory": memory,
        "gpu.model": model,
        "vcpu.count": vcpu,
    }
    settings = product((False, True), (False, True), ("http", "https"))
    return any(
        _Reading(_tokens(expression), hardware | dict(zip(SETTINGS, each, strict=True))).whole() for each in settings
    )


def check_instance(expression: str) -> None:
    """Check an expression about virtual servers. Raises ValueError for an invalid one."""
    _Reading(_tokens(expression), INSTANCE).whole()


def _tokens(expression: str) -> list[str]:
    text = expression.strip()
    if len(text) > LONGEST:
        raise ValueError(f"The expression is longer than {LONGEST} characters.")
    tokens, position = [], 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise ValueError(f"The expression cannot be read from here on: {text[position:].strip()}")
        tokens.append(match[1])
        position = match.end()
    if tokens.count("(") + tokens.count("!") > DEEPEST:
        raise ValueError(f"The expression has more than {DEEPEST} parentheses and negations.")
    return tokens


class _Reading:
    """A parser with one method for each rule of the grammar.

    It always evaluates both sides of an operator, so that it finds errors in either.
    """

    def __init__(self, tokens: list[str], variables: Mapping[str, bool | int | str]) -> None:
        self.tokens = tokens[::-1]
        self.variables = variables

    def whole(self) -> bool:
        value = _truth(self.either())
        if self.tokens:
            raise ValueError(f"The expression goes on where it should end: {self.tokens[-1]}")
        return value

    def either(self) -> bool | int | str:
        return self.chain(self.both, "||", operator.or_)

    def both(self) -> bool | int | str:
        return self.chain(self.relation, "&&", operator.and_)

    def chain(
        self, operand: Callable[[], bool | int | str], sign: str, join: Callable[[bool, bool], bool]
    ) -> bool | int | str:
        """Evaluate operands with signs between them; a single one may be of any type."""
        value = operand()
        while self.takes(sign):
            value = join(_truth(value), _truth(operand()))
        return value

    def relation(self) -> bool | int | str:
        value = self.one()
        if not self.tokens or self.tokens[-1] not in COMPARISONS:
            return value
        compare, other = COMPARISONS[self.next()], self.one()
        if type(value) is not type(other):
            raise ValueError("The expression compares values of different types.")
        return compare(value, other)

    def one(self) -> bool | int | str:
        match self.next():
            case "!":
                return not _truth(self.one())
            case "(":
                value = self.either()
                if not self.takes(")"):
                    raise ValueError("A parenthesis is not closed.")
                return value
            case "true" | "false" as word:
                return word == "true"
            case token if token in self.variables:
                return self.variables[token]
            case token if token.isdecimal():
                return int(token)
            case token if token[:1] in ("'", '"') and token:
                return token[1:-1]
            case token:
                raise ValueError(f"A value is missing before {token or 'the end'}.")

    def next(self) -> str:
        """Return the next token; empty at the end."""
        return self.tokens.pop() if self.tokens else ""

    def takes(self, token: str) -> bool:
        if self.tokens and self.tokens[-1] == token:
            self.tokens.pop()
            return True
        return False


def _truth(value: bool | int | str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"A value that is true or false is needed instead of {value!r}.")
    return value
