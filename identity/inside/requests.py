"""Strict reading of the operations' requests, in plain functions because this is the hot path.

A refusal echoes the value that it is about, unless the value may be a secret: that of an unknown property, or a
CSR, which a client may have sent with its private key.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controlplane.kernel import strictjson
from controlplane.kernel.errors import (
    InvalidValue,
    MissingField,
    MissingValue,
    Target,
    Unauthenticated,
    UnknownField,
)
from controlplane.kernel.operation import Parameter, Schema, choices, text
from controlplane.kernel.route_spec import object_of
from controlplane.kernel.text import echoed
from identity import key_schedule

LARGEST_BODY = 16_384
LONGEST_NONCE = 256
LONGEST_SELECTOR = 512
SELECTORS = ("id", "crn", "name")
FLAVOR = "ibm"
FLAVOR_HEADER = Parameter(
    "Metadata-Flavor", "Proves that the request was meant for a metadata service.", choices(FLAVOR), required=True
)
BEARER = re.compile(r"[Bb]earer +(\S+)")


@dataclass(frozen=True)
class Lifetime:
    """The range of ``expires_in``, the lifetime of an issued token or certificate in seconds."""

    default: int
    shortest: int
    longest: int

    @property
    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.shortest, "maximum": self.longest, "default": self.default}

    def read(self, body: dict[str, Any]) -> timedelta:
        """Return the lifetime that the body asks for, or the default. Raises InvalidValue."""
        seconds = body.get("expires_in", self.default)
        if type(seconds) is not int or not self.shortest <= seconds <= self.longest:
            raise InvalidValue(
                f"expires_in must be a whole number of seconds from {self.shortest} to {self.longest}.",
                target=target_of("expires_in", seconds),
            )
        return timedelta(seconds=seconds)


TOKEN_LIFETIME = Lifetime(300, 5, int(key_schedule.LONGEST_TOKEN.total_seconds()))
CERTIFICATE_LIFETIME = Lifetime(3600, 300, int(key_schedule.LONGEST_LEAF.total_seconds()))
TOKEN_BODY = object_of({"expires_in": TOKEN_LIFETIME.schema, "nonce": {"type": "string", "maxLength": LONGEST_NONCE}})
IAM_TOKEN_BODY = object_of(
    {"trusted_profile": {"oneOf": [object_of({kind: text(LONGEST_SELECTOR)}, kind) for kind in SELECTORS]}}
)
CERTIFICATE_BODY = object_of(
    {
        "csr": {"type": "string", "description": "A certificate signing request in PEM."},
        "expires_in": CERTIFICATE_LIFETIME.schema,
    },
    "csr",
)


def read(body: bytes, schema: Schema) -> dict[str, Any]:
    """Parse a JSON object that has only properties of the schema."""
    value = strictjson.parse_object(body, limit=LARGEST_BODY)
    _refuse_unknown(value, schema["properties"], prefix="")
    return value


def nonce(value: dict[str, Any]) -> str | None:
    text = value.get("nonce")
    if "nonce" in value and not (isinstance(text, str) and len(text) <= LONGEST_NONCE and text.isprintable()):
        raise InvalidValue(
            f"nonce must be a string of at most {LONGEST_NONCE} printable characters.", target=target_of("nonce", text)
        )
    return text


def profile_selector(value: dict[str, Any]) -> dict[str, str]:
    """Return ``id``, ``crn`` or ``name`` and its text; empty when the request names no trusted profile."""
    if "trusted_profile" not in value:
        return {}
    selector = value["trusted_profile"]
    if not isinstance(selector, dict):
        raise InvalidValue(
            "trusted_profile must be an object with id, crn or name.", target=target_of("trusted_profile", selector)
        )
    _refuse_unknown(selector, SELECTORS, prefix="trusted_profile.")
    if not selector:
        raise MissingField("trusted_profile needs one of id, crn or name.", target=Target("trusted_profile.id"))
    if len(selector) > 1:
        raise InvalidValue("trusted_profile takes only one of id, crn and name.", target=Target("trusted_profile"))
    kind, text = next(iter(selector.items()))
    if not (isinstance(text, str) and 0 < len(text) <= LONGEST_SELECTOR and text.isprintable()):
        raise InvalidValue(
            f"trusted_profile.{kind} must be a string that is not empty.",
            target=target_of(f"trusted_profile.{kind}", text),
        )
    return {kind: text}


def target_of(name: str, value: Any) -> Target:
    """Return a property as the target of an error, with its value unless that is an object or array."""
    if isinstance(value, dict | list):
        return Target(name)
    return Target(name, value=value if isinstance(value, str) else json.dumps(value))


def signing_request(value: dict[str, Any]) -> str:
    if "csr" not in value:
        raise MissingField(
            "csr is required: a certificate signing request in PEM. Make one with openssl req -new.",
            target=Target("csr"),
        )
    if not isinstance(value["csr"], str):
        raise InvalidValue("csr must be a string in PEM.", target=Target("csr"))
    return value["csr"]


def require_flavor(meta: Mapping[str, Any]) -> None:
    flavor = meta.get("HTTP_METADATA_FLAVOR")
    if not flavor:
        raise MissingValue(
            "The Metadata-Flavor header is required. Send Metadata-Flavor: ibm.",
            target=Target(FLAVOR_HEADER, "header"),
        )
    if flavor != FLAVOR:
        raise InvalidValue("The Metadata-Flavor header must be ibm.", target=Target(FLAVOR_HEADER, "header", flavor))


def bearer(meta: Mapping[str, Any]) -> str:
    """Return the identity token of the Authorization header. Raises Unauthenticated when there is none."""
    match = BEARER.fullmatch(meta.get("HTTP_AUTHORIZATION", ""))
    if match is None:
        raise Unauthenticated(
            "The request carries no identity token. Get one from PUT /identity/v1/token and send "
            "Authorization: Bearer <identity token>."
        )
    return match[1]


def _refuse_unknown(value: dict[str, Any], known: Collection[str], *, prefix: str) -> None:
    for name in value:
        if name not in known:
            printable = name if name.isprintable() else "?"
            raise UnknownField(
                f"{prefix}{echoed(printable)} is not a property of this request. It takes {', '.join(known)}.",
                target=Target(f"{prefix}{echoed(printable)}"),
            )
