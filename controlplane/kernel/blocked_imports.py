"""Imports without what a library would use only because it happens to be installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def unavailable(*names: str) -> Iterator[None]:
    """In this block, importing one of these modules raises ImportError, as if it were not installed. Modules that were
    imported before are available again after the block."""
    kept = {name: sys.modules[name] for name in names if name in sys.modules}
    absent: dict[str, Any] = dict.fromkeys(names)  # None is the documented mark of a module that is not there
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(kept)
