"""Looking up what a request refers to, with all problems gathered so that they are reported together."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from controlplane.kernel.errors import ApiError, BadField, Conflict, InvalidValue, Refusals, Target

T = TypeVar("T")


def at(path: str, leaf: str) -> str:
    """Return the path of a property within another one; ``path`` is empty for the body itself."""
    return f"{path}.{leaf}" if path else leaf


def require_row(row: T | None, path: str, kind: str) -> T:
    """Return the row that ``path`` refers to.

    Raises BadField when there is none; ``kind`` describes in the message what it should be.
    """
    if row is None:
        raise BadField(f"{path} names no {kind}.", target=Target(path))
    return row


def in_use(kind: str, message: str, *, path: str) -> Conflict:
    """Return the refusal of a reference to a resource that is already in use, such as ``reserved_ip_in_use``."""
    return Conflict(message, code=f"{kind}_in_use", target=Target(path))


@dataclass
class References:
    refusals: list[ApiError] = field(default_factory=list)

    def find(self, path: str, row: T | None) -> T | None:
        """Return the row that ``path`` refers to; note a BadField when there is none."""
        if row is None:
            self.refusals.append(BadField(f"{path} names nothing that exists here.", target=Target(path)))
        return row

    def require(self, holds: bool, path: str, message: str) -> None:
        if not holds:
            self.refusals.append(InvalidValue(message, target=Target(path)))

    def require_usable(self, holds: bool, path: str, message: str) -> None:
        """Note a BadField when what ``path`` refers to does not exist or cannot be used."""
        if not holds:
            self.refusals.append(BadField(message, target=Target(path)))

    def require_free(self, holds: bool, path: str, kind: str, message: str) -> None:
        """Note a Conflict when the resource of this kind that ``path`` refers to is in use."""
        if not holds:
            self.refusals.append(in_use(kind, message, path=path))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note the refusals that are raised inside the block instead of raising them."""
        try:
            yield
        except ApiError as refusal:
            self.add(refusal.each)

    def add(self, refusals: Iterable[ApiError]) -> None:
        self.refusals.extend(refusals)

    def settle(self) -> None:
        """Raise Refusals with all problems, if there are any."""
        if self.refusals:
            raise Refusals(self.refusals)
