"""Reading the environment: a value of the wrong kind is refused by name. Standard library only."""

import math
import os
import re
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
TRUE = ("true", "on", "ok", "y", "yes", "1")
FALSE = ("false", "off", "n", "no", "0", "")
WEB = ("http", "https")

DAY = 86_400
KINDS: dict[type, str] = {int: "a whole number", float: "a number", bool: "true or false"}


class WrongSetting(Exception):
    """Names the setting, its value, and what it must be."""


def text(name: str, *, default: str) -> str:
    return os.environ.get(name, default)


def agent(*, default: str) -> str:
    """How commands call themselves in activity events: one line of ASCII, as a header takes it."""
    return " ".join(text("BAREMINT_AGENT", default="").encode("ascii", "replace").decode().split()) or default


def matching(name: str, pattern: str, *, default: str, form: str) -> str:
    """Text that is as this regular expression says. ``form`` is it in words, for a refusal."""
    value = text(name, default=default)
    if not re.fullmatch(pattern, value):
        raise WrongSetting(f"{name} is {value!r}; it must be {form}.")
    return value


def whole(name: str, *, default: int) -> int:
    return _read(name, int, default)


def number(name: str, *, default: float) -> float:
    return _read(name, _finite, default)


def switch(name: str, *, default: bool) -> bool:
    return _read(name, _is_on, default)


def words(name: str, *, default: Sequence[str]) -> list[str]:
    """``one,other`` as a list."""
    return [word for word in os.environ[name].split(",") if word] if name in os.environ else [*default]


def choice(name: str, *, options: tuple[str, ...]) -> str:
    """One of ``options``; the first is the default."""
    value = text(name, default=options[0])
    if value not in options:
        raise WrongSetting(f"{name} is {value!r}; it must be {' or '.join(options)}.")
    return value


def between(name: str, smallest: int, largest: int, *, default: int) -> int:
    value = whole(name, default=default)
    if not smallest <= value <= largest:
        raise WrongSetting(f"{name} is {value}; it must be from {smallest} to {largest}.")
    return value


def seconds(name: str, smallest: float, *, default: float) -> float:
    """A duration of a day at the most."""
    value = number(name, default=default)
    if not smallest <= value <= DAY:
        raise WrongSetting(f"{name} is {value:g}; it must be from {smallest:g} to {DAY} seconds.")
    return value


def url(name: str, *, schemes: Sequence[str], path: str = ".*", form: str, default: str = "") -> str:
    """A URL with one of these schemes and a path that matches the regular expression; the default for an empty value.

    A refusal shows the ``form`` and not the value, which may hold a password.
    """
    value = text(name, default="") or default
    if value and not (is_url(value, schemes) and re.fullmatch(path, urlsplit(value).path)):
        raise WrongSetting(f"{name} is not understood. Its form is {form}.")
    return value


def in_one_spelling(url: str) -> str:
    """The same URL with its scheme and host in lower case (RFC 3986, section 6.2.2.1)."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{host.lower()}").geturl()


def counts(name: str) -> dict[str, int]:
    """``name=1,other=2`` as a dictionary of counts; empty by default."""
    pairs = (pair.partition("=") for pair in words(name, default=()))
    try:
        return {of.strip(): _count(count) for of, _, count in pairs}
    except ValueError:
        raise WrongSetting(f"{name} is {os.environ[name]!r}; write name=count,name=count.") from None


def is_url(value: str, schemes: Sequence[str]) -> bool:
    """Whether it is a URL with one of these schemes, with a host if it is of the web, and with a valid port if any."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and parts.port != 0 and bool(parts.hostname or parts.scheme not in WEB)
    except ValueError:
        return False


def _read(name: str, kind: Callable[[str], T], default: T) -> T:
    if (value := os.environ.get(name)) is None:
        return default
    try:
        return kind(value)
    except ValueError:
        raise WrongSetting(f"{name} is {value!r}; it must be {KINDS[type(default)]}.") from None


def _finite(value: str) -> float:
    if not math.isfinite(read := float(value)):
        raise ValueError(value)
    return read


def _count(value: str) -> int:
    if (read := int(value)) < 0:
        raise ValueError(value)
    return read


def _is_on(value: str) -> bool:
    word = value.strip().lower()
    if word not in TRUE + FALSE:
        return int(value) != 0
    return word in TRUE


ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound


def origin(host: str, port: int) -> str:
    """Where a service that listens there is reached from the same machine: ``http://127.0.0.1:8000``."""
    host = ANY_ADDRESS.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
