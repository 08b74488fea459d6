"""Read settings from environment variables and report wrong values by name. Standard library only."""

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
    """The message names the setting, its value, and what it must be."""


def text(name: str, *, default: str) -> str:
    return os.environ.get(name, default)


def agent(*, default: str) -> str:
    """Return the name of commands in activity events: one line of ASCII, because it is sent as a header."""
    return " ".join(text("BAREMINT_AGENT", default="").encode("ascii", "replace").decode().split()) or default


def matching(name: str, pattern: str, *, default: str, form: str) -> str:
    """Return text that matches the regular expression. ``form`` describes it in the error message."""
    value = text(name, default=default)
    if not re.fullmatch(pattern, value):
        raise WrongSetting(f"{name} is {value!r}; it must be {form}.")
    return value


def whole(name: str, *, default: int) -> int:
    return _parse(name, int, default)


def number(name: str, *, default: float) -> float:
    return _parse(name, _finite, default)


def switch(name: str, *, default: bool) -> bool:
    return _parse(name, _is_on, default)


def words(name: str, *, default: Sequence[str]) -> list[str]:
    """Return a comma-separated value as a list."""
    return [word for word in os.environ[name].split(",") if word] if name in os.environ else [*default]


def choice(name: str, *, options: tuple[str, ...]) -> str:
    """Return one of ``options``; the first is the default."""
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
    """Return a duration in seconds, of a day at most."""
    value = number(name, default=default)
    if not smallest <= value <= DAY:
        raise WrongSetting(f"{name} is {value:g}; it must be from {smallest:g} to {DAY} seconds.")
    return value


def url(name: str, *, schemes: Sequence[str], path: str = ".*", form: str, default: str = "") -> str:
    """Return a URL with one of these schemes and a path that matches the regular expression, or the default.

    The error message shows the ``form`` and not the value, which may contain a password.
    """
    value = text(name, default="") or default
    if value and not (is_url(value, schemes) and re.fullmatch(path, urlsplit(value).path)):
        raise WrongSetting(f"{name} is not understood. Its form is {form}.")
    return value


def normalized(url: str) -> str:
    """Return the URL with its scheme and host in lower case (RFC 3986, section 6.2.2.1)."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{host.lower()}").geturl()


def counts(name: str) -> dict[str, int]:
    """Return ``name=1,other=2`` as a dictionary of counts; empty by default."""
    pairs = (pair.partition("=") for pair in words(name, default=()))
    try:
        return {key.strip(): _count(count) for key, _, count in pairs}
    except ValueError:
        raise WrongSetting(f"{name} is {os.environ[name]!r}; write name=count,name=count.") from None


def is_url(value: str, schemes: Sequence[str]) -> bool:
    """Return whether the value is a URL with one of these schemes and a valid port, and for HTTP with a host."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and parts.port != 0 and bool(parts.hostname or parts.scheme not in WEB)
    except ValueError:
        return False


def _parse(name: str, kind: Callable[[str], T], default: T) -> T:
    if (value := os.environ.get(name)) is None:
        return default
    try:
        return kind(value)
    except ValueError:
        raise WrongSetting(f"{name} is {value!r}; it must be {KINDS[type(default)]}.") from None


def _finite(value: str) -> float:
    if not math.isfinite(number := float(value)):
        raise ValueError(value)
    return number


def _count(value: str) -> int:
    if (count := int(value)) < 0:
        raise ValueError(value)
    return count


def _is_on(value: str) -> bool:
    word = value.strip().lower()
    if word not in TRUE + FALSE:
        return int(value) != 0
    return word in TRUE


ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound


def origin(host: str, port: int) -> str:
    """Return the origin of a service for clients on the same machine, such as ``http://127.0.0.1:8000``."""
    host = ANY_ADDRESS.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
