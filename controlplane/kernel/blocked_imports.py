"""Import a library without the optional packages that it would use if they are installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unavailable(*names: str) -> Iterator[None]:
    """Make imports of these modules raise ImportError in this block.

    Modules that were imported before are available again after the block.
    """
    previous = {name: sys.modules[name] for name in names if name in sys.modules}
    absent: dict[str, Any] = dict.fromkeys(names)  # import raises ImportError for None
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(previous)
