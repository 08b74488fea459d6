"""Reading objects from their files, one after the other, a piece at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO

from controlplane.kernel.streamed import PIECE
from controlplane.objectstore import files


@dataclass(frozen=True)
class Extent:
    """A file and how many bytes it has."""

    file: str
    size: int


class Reader:
    """Bytes ``start`` to ``stop`` of what these files are together; a streamed.Source.

    The first file is open from the beginning, so an object of one file is whole even when it is deleted meanwhile. Of
    one that was uploaded in parts, a later file may be gone: then reading breaks off.
    """

    def __init__(self, extents: Sequence[Extent], start: int, stop: int) -> None:
        """Raises FileNotFoundError when the first file is gone."""
        self._file: FileIO | None = None
        self._left = stop - start
        skipped = 0
        for number, each in enumerate(extents):
            if start < skipped + each.size:
                self._rest = iter(extents[number:])
                self._next(start - skipped)
                break
            skipped += each.size
        else:
            self._rest = iter(())

    def read(self, size: int) -> bytes:
        """Raises OSError when a file is gone, or shorter than its row says."""
        if self._left <= 0:
            return b""
        while True:
            piece = self._file.read(min(size, self._left)) if self._file is not None else b""
            if piece:
                self._left -= len(piece)
                return piece
            self._next(0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __iter__(self) -> Iterator[bytes]:
        """All of it, and then it is closed."""
        try:
            while piece := self.read(PIECE):
                yield piece
        finally:
            self.close()

    def _next(self, offset: int) -> None:
        self.close()
        each = next(self._rest, None)
        if each is None:
            raise OSError(f"{self._left} bytes of an object are missing")
        self._file = files.path_of(each.file).open("rb", buffering=0)
        self._file.seek(offset)
