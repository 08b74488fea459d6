"""Queries for published keys as a JWKS, the certificate chain, and an API key by its value."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypedDict, cast

from django.conf import settings
from django.db.models import Min

from controlplane.kernel.caller import Caller
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import ApiError
from identity import key_schedule
from identity.key_cache import load_public_key
from identity.key_periods import configured_key_times
from identity.models import STATES_THAT_VERIFY, ApiKey, KeyPair
from servers.models import BareMetalServer
from trustedprofiles.models import ServiceId, TrustedProfile
from trustedprofiles.selectors import is_deactivated

PUBLISHED_ORDER = {"active": 0, "prepared": 1, "retiring": 2}


class JsonWebKey(TypedDict):
    """A public RSA key (RFC 7517); ``n`` and ``e`` are base64url."""

    kty: Literal["RSA"]
    n: str
    e: str
    alg: str
    kid: str
    use: Literal["sig"]


class JsonWebKeySet(TypedDict):
    keys: list[JsonWebKey]


def published_keys(purpose: str) -> list[JsonWebKey]:
    """Return JWKs (RFC 7517) of the keys that verify: active first, then prepared, then retiring."""
    return [_jwk(row) for row in _published(purpose)]


def _published(purpose: str) -> list[KeyPair]:
    rows = KeyPair.objects.filter(purpose=purpose, region=settings.BAREMINT_REGION, state__in=STATES_THAT_VERIFY)
    return sorted(rows.defer("ciphertext", "nonce"), key=lambda row: (PUBLISHED_ORDER[row.state], -row.generation))


def _jwk(row: KeyPair) -> JsonWebKey:
    numbers = load_public_key(row).public_numbers()
    return {
        "kty": "RSA",
        "n": _base64url(numbers.n),
        "e": _base64url(numbers.e),
        "alg": row.algorithm,
        "kid": row.kid,
        "use": "sig",
    }


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def active_key(purpose: str) -> KeyPair | None:
    """Return the active row of a purpose in this region."""
    return KeyPair.objects.filter(purpose=purpose, region=settings.BAREMINT_REGION, state=KeyPair.State.ACTIVE).first()


def first_root_activated_at() -> datetime:
    """Return when the first root CA of this region was activated: no certificate chain is valid at an earlier time.

    Raises ApiError when there is none.
    """
    roots = KeyPair.objects.filter(purpose=KeyPair.Purpose.ROOT, region=settings.BAREMINT_REGION)
    instant = roots.aggregate(first=Min("activated_at"))["first"]
    if instant is None:
        raise ApiError("There are no keys yet. Run: baremint bootstrap")
    return cast(datetime, instant)


def trusted_roots() -> str:
    """Return the CA bundle: every root CA that a chain may end in, now or soon, in PEM."""
    return "".join(row.certificate for row in _published(KeyPair.Purpose.ROOT))


def published_intermediates() -> str:
    """Return every intermediate CA that signs, signed certificates that are still valid, or will sign next, in PEM."""
    return "".join(row.certificate for row in _published(KeyPair.Purpose.INTERMEDIATE))


class KeySeries(NamedTuple):
    """A purpose and a region, whose keys succeed each other."""

    purpose: key_schedule.Purpose
    region: str


def live_keys() -> dict[KeySeries, list[key_schedule.KeyFacts]]:
    """Return all keys that are not retired, oldest first."""
    rows = KeyPair.objects.exclude(state=KeyPair.State.RETIRED).order_by("generation")
    dates = ("published_at", "activated_at", "demoted_at", "expires_at")
    columns = ("kid", "state", *dates, "issuer__kid", "rotation_asked_at")
    keys: dict[KeySeries, list[key_schedule.KeyFacts]] = {}
    for purpose, region, *facts in rows.values_list("purpose", "region", *columns):
        keys.setdefault(KeySeries(purpose, region), []).append(key_schedule.KeyFacts(*facts))
    return keys


def issuer_of(series: KeySeries, keys: dict[KeySeries, list[key_schedule.KeyFacts]]) -> key_schedule.KeyFacts | None:
    """Return the active root, for intermediate authorities. Other keys have no certificate, or sign it themselves."""
    if series.purpose != "intermediate":
        return None
    return key_schedule.first(keys.get(KeySeries("root", series.region), []), "active")


@dataclass(frozen=True)
class ScheduledKey:
    """A key that is not retired, and its next state."""

    purpose: key_schedule.Purpose
    region: str
    kid: str
    state: key_schedule.KeyState
    since: datetime
    next_state: key_schedule.KeyState | None
    seconds: float | None
    """Seconds until the next state; below zero when it is overdue, None when there is no date yet."""


def scheduled_keys(now: datetime) -> list[ScheduledKey]:
    """Return every key that is not retired, by purpose and region, oldest first."""
    keys = live_keys()
    schedule = []
    for series in sorted(keys, key=lambda series: (list(configured_key_times()).index(series.purpose), series.region)):
        times, issuer = configured_key_times()[series.purpose], issuer_of(series, keys)
        for key in keys[series]:
            future = key_schedule.outlook(key, keys[series], times, issuer)
            seconds = (future.at - now).total_seconds() if future.at else None
            schedule.append(ScheduledKey(*series, key.kid, key.state, future.since, future.next_state, seconds))
    return schedule


def find_api_key(value: str) -> ApiKey | None:
    """Return the API key with this value, usable or not.

    Values are long and random, so the time of a look-up by hash reveals nothing.
    """
    digest = hashlib.sha256(value.encode()).hexdigest()
    return ApiKey.objects.select_related("account").filter(sha256=digest).first()


def find_service_id(account_id: str, iam_id: str) -> ServiceId | None:
    """Return the account's service ID with this IAM id."""
    return ServiceId.objects.filter(account_id=account_id, id=iam_id.removeprefix("iam-")).first()


def is_gone(caller: Caller) -> str:
    """Return why the bearer of a token may no longer use it; empty when it may.

    The reason is that its trusted profile, service ID or server was deleted, that its user was deactivated, or the same
    for the identity that assumed the profile.
    """
    is_profile = caller.sub_type in ("ComputeResource", "Profile")
    if is_profile and not TrustedProfile.objects.filter(id=caller.identifier).exists():
        return "its trusted profile was deleted"
    by_service_id = caller.assumed_by.startswith("ServiceId-")
    if caller.sub_type == "ServiceId" or by_service_id:
        service_id = caller.assumed_by if by_service_id else caller.identifier
        if not ServiceId.objects.filter(id=service_id).exists():
            return "its service ID was deleted"
    person = caller.iam_id if caller.sub_type == "User" else caller.assumed_by
    if person.startswith("IBMid-") and is_deactivated(person):
        return "its user was deactivated"
    server = caller.compute_resource_crn or caller.assumed_by
    if server.startswith("crn:") and not BareMetalServer.objects.filter(id=Crn.parse(server).resource).exists():
        return "its server was deleted"
    return ""
