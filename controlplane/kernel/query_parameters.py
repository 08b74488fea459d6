"""Read the parameters of a request: booleans, whole numbers, one of several choices.

A parameter with a wrong value is refused by name. The refusal is an InvalidValue, or another error of the API, and the
view renders it in the envelope of its API.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from controlplane.kernel.errors import ApiError, InvalidValue, Target
from controlplane.kernel.whole_number import whole_number

Refusal = Callable[..., ApiError]
"""Makes a refusal of a message and its ``target``: a class of errors."""


Kind = Literal["parameter", "header"]


def boolean(values: Mapping[str, str], name: str, *, kind: Kind = "parameter", refusal: Refusal = InvalidValue) -> bool:
    """Return the same as ``optional_boolean``, and False in place of None."""
    return optional_boolean(values, name, kind=kind, refusal=refusal) or False


def optional_boolean(
    values: Mapping[str, str], name: str, *, kind: Kind = "parameter", refusal: Refusal = InvalidValue
) -> bool | None:
    """``true`` or ``false``, in upper or lower case; None where the parameter or header is absent or empty.

    IBM's SDKs send ``true``; a program in Python that makes its own query often sends ``True``. Raises ``refusal``.
    """
    text = values.get(name, "")
    if text.lower() not in ("true", "false", ""):
        raise refusal(f"{name} must be true or false.", target=Target(name, kind, text))
    return text.lower() == "true" if text else None


def number(
    values: Mapping[str, str],
    name: str,
    *,
    default: int = 0,
    least: int = 0,
    largest: int,
    message: str = "",
    refusal: Refusal = InvalidValue,
) -> int:
    """A whole number from ``least`` to ``largest``. Raises ``refusal``, also for a default that is not allowed: the
    parameter is required then."""
    text = values.get(name, str(default))
    value = whole_number(text, largest=largest)
    if value is None or value < least:
        message = message or f"{name} must be a whole number from {least} to {largest}."
        raise refusal(message, target=Target(name, "parameter", text))
    return value


def one_of(
    values: Mapping[str, str], name: str, choices: Sequence[str], *, message: str = "", refusal: Refusal = InvalidValue
) -> str | None:
    """One of the choices; None where the parameter is absent. Raises ``refusal``."""
    value = values.get(name)
    if value is not None and value not in choices:
        message = message or f"{name} must be one of {', '.join(choices)}."
        raise refusal(message, target=Target(name, "parameter", value))
    return value


def some_of(values: Mapping[str, str], name: str, choices: Sequence[str]) -> list[str] | None:
    """Some of the choices, separated by commas; None where the parameter is absent. Raises InvalidValue."""
    if name not in values:
        return None
    return [one_of({name: value}, name, choices) or "" for value in values[name].split(",")]
