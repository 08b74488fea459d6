"""What only root keys can do."""

from controlplane.keyprotect.errors import RootKeyRequired
from controlplane.keyprotect.models import Key


def require_root(key: Key) -> None:
    """Raise RootKeyRequired for a standard key."""
    if key.extractable:
        raise RootKeyRequired("Requested action can only be completed with a root key, and this is a standard key.")
