"""What a request refers to, looked up; everything that is wrong with it gathered, so that it is reported at once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from controlplane.kernel.errors import ApiError, BadField, Conflict, InvalidValue, Refusals, Target

T = TypeVar("T")


def at(path: str, leaf: str) -> str:
    """The name of a property within another, which is nothing for the body itself."""
    return f"{path}.{leaf}" if path else leaf


def require_row(row: T | None, path: str, kind: str) -> T:
    """What ``path`` refers to. Raises BadField when that is nothing; ``kind`` says what it would be, and of what."""
    if row is None:
        raise BadField(f"{path} names no {kind}.", target=Target(path))
    return row


def in_use(kind: str, message: str, *, path: str) -> Conflict:
    """The refusal of a reference to what exists and is taken: ``reserved_ip_in_use`` and alike."""
    return Conflict(message, code=f"{kind}_in_use", target=Target(path))


@dataclass
class References:
    refusals: list[ApiError] = field(default_factory=list)

    def find(self, path: str, row: T | None) -> T | None:
        """What ``path`` refers to; noted when that is nothing."""
        if row is None:
            self.refusals.append(BadField(f"{path} names nothing that exists here.", target=Target(path)))
        return row

    def require(self, holds: bool, path: str, message: str) -> None:
        if not holds:
            self.refusals.append(InvalidValue(message, target=Target(path)))

    def require_usable(self, holds: bool, path: str, message: str) -> None:
        """What ``path`` refers to exists and can be used; noted as BadField when it cannot."""
        if not holds:
            self.refusals.append(BadField(message, target=Target(path)))

    def require_free(self, holds: bool, path: str, kind: str, message: str) -> None:
        """What ``path`` refers to, a thing of this kind, is used by nothing else; noted as Conflict when it is."""
        if not holds:
            self.refusals.append(in_use(kind, message, path=path))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What is refused inside is noted, not raised."""
        try:
            yield
        except ApiError as refusal:
            self.add(refusal.each)

    def add(self, refusals: Iterable[ApiError]) -> None:
        self.refusals.extend(refusals)

    def settle(self) -> None:
        """Raises Refusals naming all that is wrong, if anything is."""
        if self.refusals:
            raise Refusals(self.refusals)
