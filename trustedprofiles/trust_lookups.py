"""Look-ups of the profiles that trust a server, in few queries."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from controlplane.kernel.facts import ServerFacts
from trustedprofiles import trust
from trustedprofiles.claim_conditions import Claim
from trustedprofiles.models import ProfileLink, TrustedProfile
from trustedprofiles.selectors import claims_of_server, compute_resource_rules, link_facts, rule_facts

ClaimsNamed = Callable[[Sequence[str]], Mapping[str, Claim]]


@dataclass(frozen=True)
class Trust:
    profile: TrustedProfile
    because: str


def profiles_of_server(facts: ServerFacts) -> list[TrustedProfile]:
    """Return every profile that trusts the server, by name."""
    return [each.profile for each in profiles_trusting(facts, lambda names: claims_of_server(facts))]


def profiles_trusting(server: trust.Resource, claims_named: ClaimsNamed) -> list[Trust]:
    """Return every profile that trusts the server, by name, with the first link or rule that does so.

    This includes profiles of other accounts with a cross-account link. ``claims_named`` returns the claims of the
    server with the given names.
    """
    links: dict[TrustedProfile, list[trust.LinkFacts]] = defaultdict(list)
    rules: dict[TrustedProfile, list[trust.RuleFacts]] = defaultdict(list)
    for link in ProfileLink.objects.select_related("profile").filter(crn=server.crn).order_by("created_at", "id"):
        links[link.profile].append(link_facts(link))
    for rule in compute_resource_rules().select_related("profile").filter(profile__account_id=server.account_id):
        rules[rule.profile].append(rule_facts(rule))
    names = {condition.claim for each in rules.values() for rule in each for condition in rule.conditions}
    claims = claims_named(sorted(names)) if names else {}
    trusts = []
    for profile in {**links, **rules}:
        considered = trust.consider(
            server, links=links[profile], rules=rules[profile], claims=claims, profile_account_id=profile.account_id
        )
        if decider := next((each for each in considered if each.trusts), None):
            trusts.append(Trust(profile, str(decider)))
    return sorted(trusts, key=lambda each: each.profile.name)
