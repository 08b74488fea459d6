"""A list of the first of many rows. The total is not counted, because it may be large."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from controlplane.kernel import paging

T = TypeVar("T")


@dataclass(frozen=True)
class TruncatedList(Generic[T]):
    rows: list[T]
    more: bool
    """Whether there are more rows."""

    @classmethod
    def first(cls, most: int, rows: Iterable[T]) -> Self:
        """The first ``most`` of these rows. One more row says that there are more."""
        return cls(*paging.first(iter(rows), most))

    def __str__(self) -> str:
        """The number of rows for a heading, such as ``20+``."""
        return f"{len(self.rows)}{'+' if self.more else ''}"
