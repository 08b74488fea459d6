"""Reads: published keys as a JWKS, the certificate chain, an API key by its value."""

import base64
import hashlib
from collections.abc import Iterable
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
from identity.key_periods import key_policies
from identity.key_schedule import KeyFacts, Purpose
from identity.models import ApiKey, KeyPair
from identity.models.key import STATES_THAT_VERIFY
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
    """JWKs (RFC 7517) of the keys that verify: active first, then prepared, then retiring."""
    rows = KeyPair.objects.filter(purpose=purpose, region=settings.BAREMINT_REGION, state__in=STATES_THAT_VERIFY).defer(
        "ciphertext", "nonce"
    )
    return [_jwk(row) for row in _in_published_order(rows)]


def _in_published_order(rows: Iterable[KeyPair]) -> list[KeyPair]:
    return sorted(rows, key=lambda row: (PUBLISHED_ORDER[row.state], -row.generation))


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
    """The active row of a purpose in this region."""
    return KeyPair.objects.filter(purpose=purpose, region=settings.BAREMINT_REGION, state=KeyPair.State.ACTIVE).first()


def first_root_activated_at() -> datetime:
    """When the first root CA of this region began to sign: nothing can be proven at an earlier time.

    Raises ApiError when there is none.
    """
    roots = KeyPair.objects.filter(purpose=KeyPair.Purpose.ROOT, region=settings.BAREMINT_REGION)
    found = roots.aggregate(first=Min("activated_at"))["first"]
    if found is None:
        raise ApiError("There are no keys yet. Run: baremint bootstrap")
    return cast(datetime, found)


def trusted_roots() -> str:
    """PEM of every root CA that a chain may end in, now or soon: what a program trusts."""
    return _certificates(KeyPair.Purpose.ROOT)


def published_intermediates() -> str:
    """PEM of every intermediate CA that signs, has signed what is valid still, or will sign next."""
    return _certificates(KeyPair.Purpose.INTERMEDIATE)


def _certificates(purpose: str) -> str:
    rows = KeyPair.objects.filter(purpose=purpose, region=settings.BAREMINT_REGION, state__in=STATES_THAT_VERIFY)
    return "".join(row.certificate for row in _in_published_order(rows.defer("ciphertext", "nonce")))


class Line(NamedTuple):
    """The keys that succeed each other."""

    purpose: Purpose
    region: str


def live_keys() -> dict[Line, list[KeyFacts]]:
    """All keys that are not retired, oldest first."""
    rows = KeyPair.objects.exclude(state=KeyPair.State.RETIRED).order_by("generation")
    dates = ("published_at", "activated_at", "demoted_at", "expires_at")
    columns = ("kid", "state", *dates, "issuer__kid", "rotation_asked_at")
    found: dict[Line, list[KeyFacts]] = {}
    for purpose, region, *facts in rows.values_list("purpose", "region", *columns):
        found.setdefault(Line(purpose, region), []).append(KeyFacts(*facts))
    return found


def issuer_of(line: Line, found: dict[Line, list[KeyFacts]]) -> KeyFacts | None:
    """The active root, for intermediate authorities. Other keys have no certificate, or sign it themselves."""
    if line.purpose != "intermediate":
        return None
    return key_schedule.first(found.get(Line("root", line.region), []), "active")


@dataclass(frozen=True)
class ScheduledKey:
    """A key that is not retired, and what becomes of it next."""

    purpose: Purpose
    region: str
    kid: str
    state: key_schedule.KeyState
    since: datetime
    next_state: key_schedule.KeyState | None
    seconds: float | None
    """Until then; below zero when it is overdue, None when there is no date yet."""


def scheduled_keys(now: datetime) -> list[ScheduledKey]:
    """Every key that is not retired, by purpose and region, oldest first."""
    found = live_keys()
    schedule = []
    for line in sorted(found, key=lambda line: (list(key_policies()).index(line.purpose), line.region)):
        policy, issuer = key_policies()[line.purpose], issuer_of(line, found)
        for key in found[line]:
            future = key_schedule.outlook(key, found[line], policy, issuer)
            seconds = (future.at - now).total_seconds() if future.at else None
            schedule.append(ScheduledKey(*line, key.kid, key.state, future.since, future.next_state, seconds))
    return schedule


def find_api_key(value: str) -> ApiKey | None:
    """The API key of this value, usable or not. Values are long and random: the look-up by hash tells nothing by its
    time."""
    digest = hashlib.sha256(value.encode()).hexdigest()
    return ApiKey.objects.select_related("account").filter(sha256=digest).first()


def find_service_id(account_id: str, iam_id: str) -> ServiceId | None:
    """The account's service ID by its IAM id."""
    return ServiceId.objects.filter(account_id=account_id, id=iam_id.removeprefix("iam-")).first()


def is_gone(caller: Caller) -> str:
    """What became of a token's bearer since: its trusted profile, service ID or server was deleted, or its user is not
    active any more; also those of whoever assumed the profile. Empty: all is as it was."""
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
