"""The claims of each token kind, from facts and ``now``.

Identity token: members of IBM's documented virtual server sample, with the bare metal CRN; Baremint adds ``jti``, so
that no two tokens are equal. IAM access token: IBM's documented service ID token, with ``sub_type`` ComputeResource as
seen in a decoded token of a compute resource.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controlplane.kernel.facts import NamedRef, ServerFacts

APIKEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
CR_TOKEN_GRANT = "urn:ibm:params:oauth:grant-type:cr-token"  # noqa: S105  a grant type, not a secret
ASSUME_GRANT = "urn:ibm:params:oauth:grant-type:assume"
REFRESH_GRANT = "refresh_token"
DEFAULT_CLIENT = "default"
"""Client id of a request without client authentication."""
SCOPE = "ibm openid"
CLAIMS = [
    *("iam_id", "id", "realmid", "jti", "identifier", "name", "sub", "sub_type", "given_name", "family_name", "email"),
    *("authn", "account", "iat", "exp", "iss", "grant_type", "scope", "client_id", "acr", "amr"),
]
"""The claims of an IAM access token, including those that only some kinds of subjects have."""


@dataclass(frozen=True)
class Subject:
    """The subject of an IAM token."""

    iam_id: str
    identifier: str
    name: str
    account_id: str
    sub_type: str = ""
    """``ComputeResource`` for a trusted profile that a server uses, ``Profile`` for one that another identity assumed,
    ``ServiceId``; empty for a user."""
    email: str = ""
    given_name: str = ""
    family_name: str = ""


def identity_issuer(prefix: str, region: str) -> str:
    """Return the issuer, first audience and kid prefix of identity tokens, such as ``BMS-CR_us-south``."""
    return f"{prefix}_{region}"


def identity_audience(issuer: str, facts: ServerFacts) -> list[str]:
    """Return the two audiences of identity tokens of a server.

    The second, opaque one is the server's metadata session: it changes when the service is switched off.
    """
    return [issuer, facts.metadata_session]


def identity_claims(
    facts: ServerFacts, *, issuer: str, now: datetime, lifetime: timedelta, nonce: str | None
) -> dict[str, Any]:
    """Return the claims of an identity token of this server."""
    claims: dict[str, Any] = {
        "aud": identity_audience(issuer, facts),
        "iss": issuer,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": str(uuid.uuid4()),
        "iaas": {
            "crn": facts.crn,
            "accountID": facts.account_id,
            "instanceID": facts.id,
            "zone": facts.zone,
            "region": facts.region,
            "profile_name": facts.profile_name,
            "resource_group_id": facts.resource_group_id,
        },
        "ip_addresses": [{"address": address} for address in facts.addresses],
        "subnets": [_reference(subnet) for subnet in facts.subnets],
        "vpc": _reference(facts.vpc),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return claims


def iam_claims(
    subject: Subject,
    *,
    issuer: str,
    now: datetime,
    lifetime: timedelta,
    grant_type: str,
    authn: dict[str, str],
    client_id: str = DEFAULT_CLIENT,
) -> dict[str, Any]:
    """Return the claims of an IAM access token. ``authn`` describes who authenticated: the server or the subject."""
    about_subject = subject_claims(subject)
    first = ("iam_id", "id", "realmid")
    return {
        **{name: about_subject[name] for name in first},
        "jti": str(uuid.uuid4()),
        **about_subject,
        "authn": authn,
        "account": account_claim(subject),
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "iss": issuer,
        "grant_type": grant_type,
        "scope": SCOPE,
        "client_id": client_id,
        "acr": 1,
        "amr": ["pwd"],
    }


def subject_claims(subject: Subject) -> dict[str, Any]:
    """Return the claims of an IAM access token about its subject."""
    claims: dict[str, Any] = {
        "iam_id": subject.iam_id,
        "id": subject.iam_id,
        "realmid": "IBMid" if subject.iam_id.startswith("IBMid-") else "iam",
        "identifier": subject.identifier,
        "name": subject.name,
        "sub": subject.email or subject.identifier,
    }
    if subject.sub_type:
        claims["sub_type"] = subject.sub_type
    for name in ("given_name", "family_name", "email"):
        if value := getattr(subject, name):
            claims[name] = value
    return claims


def account_claim(subject: Subject) -> dict[str, Any]:
    return {"valid": True, "bss": subject.account_id, "frozen": True}


def _reference(named: NamedRef) -> dict[str, str]:
    return {"crn": named.crn, "name": named.name, "id": named.id}
