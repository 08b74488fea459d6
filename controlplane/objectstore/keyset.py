"""IAM's published keys, kept for as long as IAM says, and asked for again when a token names an unknown one."""

import re
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import jwt

from controlplane.objectstore import iam
from controlplane.objectstore.errors import ServiceUnavailable

MAX_AGE = re.compile(r"\bmax-age=(\d{1,9})\b")
SHORTEST = 10.0
"""Seconds between two requests for the keys, so that tokens with made-up kids do not cause one each."""
AFTER_FAILURE = 1.0
ALGORITHM = "RS256"


@dataclass
class KeySet:
    keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    good_until: float = 0.0
    asked_at: float = -SHORTEST
    failed_at: float = -AFTER_FAILURE
    lock: Lock = field(default_factory=Lock)

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Raises ServiceUnavailable when there are no keys to look in."""
        with self.lock:
            now = time.monotonic()
            if now >= self.good_until or (kid not in self.keys and now >= self.asked_at + SHORTEST):
                self._ask(now)
            return self.keys.get(kid)

    def _ask(self, now: float) -> None:
        if now < self.failed_at + AFTER_FAILURE:
            raise ServiceUnavailable("IAM did not answer a moment ago. Try again in a moment.")
        try:
            published, cache_control = iam.published_keys()
        except ServiceUnavailable:
            self.failed_at = time.monotonic()
            raise
        found = MAX_AGE.search(cache_control)
        self.keys = dict(_usable(published))
        self.asked_at = now
        self.good_until = now + max(SHORTEST, float(found[1]) if found else 0.0)


def _usable(published: list[dict[str, Any]]) -> list[tuple[str, jwt.PyJWK]]:
    usable = []
    for key in published:
        kid = key.get("kid")
        if isinstance(kid, str) and key.get("kty") == "RSA" and key.get("alg", ALGORITHM) == ALGORITHM:
            try:
                usable.append((kid, jwt.PyJWK(key, ALGORITHM)))
            except jwt.PyJWTError:
                continue
    return usable


known = KeySet()


def forget() -> None:
    """As after a restart."""
    known.keys = {}
    known.good_until = 0.0
    known.asked_at, known.failed_at = -SHORTEST, -AFTER_FAILURE
