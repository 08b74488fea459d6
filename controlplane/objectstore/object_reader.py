"""A reader of objects, which reads their files in order, piece by piece."""

from collections.abc import Iterator, Sequence
from io import FileIO

from controlplane.kernel.streamed import pieces_of
from controlplane.objectstore import files
from controlplane.objectstore.models import Piece


class Reader:
    """Bytes ``start`` to ``stop`` of the concatenation of the files of these pieces; a streamed.Source.

    The first file is opened at once, so an object of one file stays readable even when it is deleted meanwhile. For an
    object of several parts, a later file may be deleted: then reading fails.
    """

    def __init__(self, pieces: Sequence[Piece], start: int, stop: int) -> None:
        """Raises FileNotFoundError when the first file does not exist."""
        self._file: FileIO | None = None
        self._left = stop - start
        skipped = 0
        for number, each in enumerate(pieces):
            if start < skipped + each.size:
                self._rest = iter(pieces[number:])
                self._next(start - skipped)
                break
            skipped += each.size
        else:
            self._rest = iter(())

    def read(self, size: int) -> bytes:
        """Raises OSError when a file does not exist, or is shorter than its row says."""
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
        """All bytes; the reader is closed at the end."""
        return pieces_of(self)

    def _next(self, offset: int) -> None:
        self.close()
        each = next(self._rest, None)
        if each is None:
            raise OSError(f"{self._left} bytes of an object are missing")
        self._file = files.path_of(each.file).open("rb", buffering=0)
        self._file.seek(offset)
