"""A list that shows the first of many, and says so. How many there are is not counted: it may be a million."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from controlplane.kernel import paging

T = TypeVar("T")


@dataclass(frozen=True)
class Listed(Generic[T]):
    rows: list[T]
    more: bool
    """Whether there are others that are not shown."""

    @classmethod
    def first(cls, most: int, rows: Iterable[T]) -> Self:
        """So many of these rows, of which one more may be fetched."""
        return cls(*paging.first(iter(rows), most))

    def __str__(self) -> str:
        """How many, for a heading."""
        return f"{len(self.rows)}{'+' if self.more else ''}"
