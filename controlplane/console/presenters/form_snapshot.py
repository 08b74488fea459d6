"""Snapshots of what the console's pages show and can change, to compare when a form comes back."""

import hashlib
import json

from controlplane.kernel.form_snapshot import FormSnapshot
from identity.models import KeyPair
from identity.selectors import KeySeries
from servers.models import BareMetalServer, Initialization
from trustedprofiles.models import ClaimRule, ProfileLink


def initialization_shown(server: BareMetalServer, initialization: Initialization) -> FormSnapshot:
    """A fingerprint of the initialization: a person who may initialize a server may not always read its
    initialization."""
    content = json.dumps(
        [
            initialization.image,
            initialization.keys,
            initialization.default_trusted_profile_id,
            initialization.auto_link,
        ],
        sort_keys=True,
    )
    fingerprint = hashlib.sha256(content.encode()).hexdigest()[:8]
    return FormSnapshot(f"initialization-{server.id}", server.name, {"initialization": f"version {fingerprint}"})


def link_shown(link: ProfileLink) -> FormSnapshot:
    return FormSnapshot(link.id, link.name or link.id, {"link to": link.crn})


def rule_shown(rule: ClaimRule) -> FormSnapshot:
    conditions = (f"{each['claim']} {each['operator']} {each['value']}" for each in rule.conditions)
    return FormSnapshot(rule.id, str(rule), {"conditions": " and ".join(conditions)})


def signing_shown(series: KeySeries, kid: str) -> FormSnapshot:
    """The active key of a purpose and region; ``kid`` is empty when there is none."""
    title = f"{KeyPair.Purpose(series.purpose).label}, {series.region}"
    return FormSnapshot(f"{series.purpose}-{series.region}", title, {"signing key": kid or "none"})
