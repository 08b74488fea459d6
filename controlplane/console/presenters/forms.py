"""Fields of forms, each with a help text, the entered value and its errors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from controlplane.kernel.errors import ApiError


@dataclass(frozen=True)
class Option:
    value: str
    text: str
    selected: bool = False


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    help: str
    kind: str = "text"
    """``text``, ``select``, ``textarea``, ``checkbox``."""
    value: str = ""
    options: tuple[Option, ...] = ()
    required: bool = False
    multiple: bool = False
    rows: int = 4
    error: str = ""


def choices(pairs: Iterable[tuple[str, str]], values: Sequence[str]) -> tuple[Option, ...]:
    return tuple(Option(value, text, value in values) for value, text in pairs)


def place_errors(
    fields: Sequence[Field], error: ApiError | None, paths: Mapping[str, str]
) -> tuple[list[Field], list[str]]:
    """Put each refusal beside the field of its property, and the others above the form.

    ``paths`` maps prefixes of property paths to names of fields; the longest matching prefix counts.
    """
    wrong: dict[str, list[str]] = {}
    above: list[str] = []
    for each in error.each if error else ():
        name = _field_of(each, paths)
        if any(field.name == name for field in fields):
            wrong.setdefault(name, []).append(each.message)
        else:
            above.append(each.message)
    return [replace(field, error=" ".join(wrong.get(field.name, ()))) for field in fields], above


def _field_of(error: ApiError, paths: Mapping[str, str]) -> str:
    path = error.target.name if error.target else ""
    fitting = [prefix for prefix in paths if path == prefix or path.startswith((f"{prefix}.", f"{prefix}["))]
    return paths[max(fitting, key=len)] if fitting else ""
