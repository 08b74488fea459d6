"""What the console's pages show of other things that they can change, for comparing when a form comes back."""

import hashlib
import json

from controlplane.kernel.form_snapshot import Shown
from identity.models import KeyPair
from identity.selectors import KeySeries
from servers.models import BareMetalServer, Initialization
from trustedprofiles.models import ClaimRule, ProfileLink


def initialization_shown(server: BareMetalServer, made: Initialization) -> Shown:
    """What it is comes as a fingerprint: not everybody who may initialize a server may read what it was made from."""
    told = json.dumps([made.image, made.keys, made.default_trusted_profile_id, made.auto_link], sort_keys=True)
    fingerprint = hashlib.sha256(told.encode()).hexdigest()[:8]
    return Shown(f"initialization-{server.id}", server.name, {"initialization": f"version {fingerprint}"})


def link_shown(link: ProfileLink) -> Shown:
    return Shown(link.id, link.name or link.id, {"link to": link.crn})


def rule_shown(rule: ClaimRule) -> Shown:
    conditions = (f"{each['claim']} {each['operator']} {each['value']}" for each in rule.conditions)
    return Shown(rule.id, str(rule), {"conditions": " and ".join(conditions)})


def signing_shown(line: KeySeries, kid: str) -> Shown:
    """The key of a purpose in a region that signs; empty when none does."""
    title = f"{KeyPair.Purpose(line.purpose).label}, {line.region}"
    return Shown(f"{line.purpose}-{line.region}", title, {"signing key": kid or "none"})
