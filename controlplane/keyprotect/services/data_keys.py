"""Wrap, unwrap and rewrap data keys with a root key (Key Protect contract, section 4; D-183). Nothing of them is
stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from controlplane.kernel import clock
from controlplane.keyprotect import errors, wrapping
from controlplane.keyprotect.base64_text import IllegalBase64
from controlplane.keyprotect.errors import InvalidField
from controlplane.keyprotect.key_names import is_uuid
from controlplane.keyprotect.models import Key, KeyVersion
from controlplane.keyprotect.root_keys import require_root
from controlplane.keyprotect.states import require_state
from controlplane.sealing.keks import unseal

ORIGINAL = "The field `ciphertext` must be: the original base64 encoded ciphertext from the wrap operation"


@dataclass(frozen=True)
class Wrapped:
    """What a wrap answers with: the wrapped key, and the version that wrapped it."""

    ciphertext: str = field(repr=False)
    version: str
    new_plaintext: bytes | None = field(default=None, repr=False)
    """The data key that was made, if the caller sent none."""


@dataclass(frozen=True)
class Unwrapped:
    plaintext: bytes = field(repr=False)
    version: str
    """The version that wrapped it."""
    rewrapped: Wrapped | None
    """The same under the latest version; None when that is the version that wrapped it."""


def wrap(key: Key, *, plaintext: bytes | None, aad: Sequence[str]) -> Wrapped:
    """Wrap a data key with the latest version, a new one of 32 bytes if there is none given.

    Raises RootKeyRequired or InvalidState.
    """
    _require("wrap", key)
    data_key = plaintext or wrapping.new_data_key()
    return _wrap(data_key, _latest(key), aad, new=None if plaintext else data_key)


def unwrap(key: Key, *, ciphertext: str, aad: Sequence[str]) -> Unwrapped:
    """Unwrap what a version of this key wrapped with the same ``aad``.

    Raises RootKeyRequired, InvalidState, and InvalidField for anything else than that.
    """
    _require("unwrap", key)
    plaintext, version = _unwrap(key, ciphertext, aad)
    rewrapped = None if version.identifier == key.version else _wrap(plaintext, _latest(key), aad)
    return Unwrapped(plaintext, version.identifier, rewrapped)


def rewrap(key: Key, *, ciphertext: str, aad: Sequence[str]) -> tuple[str, Wrapped]:
    """Return the version that wrapped the data key, and the data key under the latest version.

    Raises the same as ``unwrap``.
    """
    _require("rewrap", key)
    plaintext, version = _unwrap(key, ciphertext, aad)
    return version.identifier, _wrap(plaintext, _latest(key), aad)


def _require(operation: str, key: Key) -> None:
    require_root(key)
    require_state(operation, key.state_at(clock.now()))


def _latest(key: Key) -> KeyVersion:
    return key.versions.get(identifier=key.version)


def _wrap(data_key: bytes, version: KeyVersion, aad: Sequence[str], *, new: bytes | None = None) -> Wrapped:
    ciphertext = wrapping.wrap(data_key, material=unseal(version), version=version.identifier, aad=aad)
    return Wrapped(ciphertext, version.identifier, new)


def _unwrap(key: Key, ciphertext: str, aad: Sequence[str]) -> tuple[bytes, KeyVersion]:
    target = errors.field("ciphertext")
    try:
        wrapped = wrapping.parse(ciphertext)
    except IllegalBase64 as problem:
        raise InvalidField(f"{ORIGINAL}: {problem}", target=target) from None
    except wrapping.NotWrapped:
        raise InvalidField(ORIGINAL, target=target) from None
    for version in _versions(key, wrapped.handle):
        plaintext = wrapping.unwrap(wrapped, material=unseal(version), aad=aad)
        if plaintext is not None:
            return plaintext, version
    raise InvalidField(ORIGINAL, target=target)


def _versions(key: Key, handle: str) -> Iterable[KeyVersion]:
    """Return the version that the handle names, if it is one of this key; else all of this key, the latest first: keys
    with the same material unwrap what the other wrapped."""
    version = key.versions.filter(identifier=handle).first() if is_uuid(handle) else None
    return [version] if version else key.versions.order_by("-number").iterator()
