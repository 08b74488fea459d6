"""IAM's published keys, used for as long as IAM allows, and read again when a token names an unknown one."""

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jwt

from controlplane.cloudservice import iam
from controlplane.cloudservice.errors import IamUnavailable
from controlplane.kernel.fresh_value import FreshValue

MAX_AGE = re.compile(r"\bmax-age=(\d{1,9})\b")
SHORTEST = 10.0
"""Seconds between two requests for the keys, so that tokens with made-up kids do not cause one each."""
AFTER_FAILURE = 1.0
ALGORITHM = "RS256"


@dataclass(frozen=True)
class Published:
    """The response of IAM."""

    keys: dict[str, jwt.PyJWK]
    seconds: float
    """How long they may be used."""


class KeySet:
    """The keys of IAM that this process has read."""

    def __init__(self) -> None:
        self.published = FreshValue(self._ask, seconds=SHORTEST)
        self.failed_at = float("-inf")

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key with this id; None when IAM publishes none. Raises IamUnavailable."""
        last = self.published.last
        key = self.published.get(seconds=last.seconds if last else 0).keys.get(kid)
        return key or self.published.get().keys.get(kid)

    def _ask(self, last: Published | None) -> Published:
        if time.monotonic() < self.failed_at + AFTER_FAILURE:
            raise IamUnavailable("IAM did not answer a moment ago. Try again in a moment.")
        try:
            keys, cache_control = iam.published_keys()
        except IamUnavailable:
            self.failed_at = time.monotonic()
            raise
        age = MAX_AGE.search(cache_control)
        return Published(dict(_usable(keys)), max(SHORTEST, float(age[1]) if age else 0.0))


def _usable(published: list[dict[str, Any]]) -> list[tuple[str, jwt.PyJWK]]:
    usable = []
    for key in published:
        kid = key.get("kid")
        if isinstance(kid, str) and key.get("kty") == "RSA" and key.get("alg", ALGORITHM) == ALGORITHM:
            with suppress(jwt.PyJWTError):
                usable.append((kid, jwt.PyJWK(key, ALGORITHM)))
    return usable


known = KeySet()
