"""Which profiles trust a server, in few queries."""

from collections import defaultdict
from dataclasses import dataclass

from controlplane.kernel.facts import ServerFacts
from trustedprofiles import matching
from trustedprofiles.conditions import claims_of
from trustedprofiles.models import ProfileLink, TrustedProfile
from trustedprofiles.selectors import compute_resource_rules, group_name, link_facts, rule_facts


@dataclass(frozen=True)
class Trust:
    profile: TrustedProfile
    because: str
    by_link: bool


def profiles_trusting(facts: ServerFacts) -> list[Trust]:
    """Every profile that trusts the server, by name, with the first link or rule that says so.

    Profiles of other accounts too, where a link says that it crosses accounts.
    """
    links: dict[TrustedProfile, list[matching.LinkFacts]] = defaultdict(list)
    rules: dict[TrustedProfile, list[matching.RuleFacts]] = defaultdict(list)
    for link in ProfileLink.objects.select_related("profile").filter(crn=facts.crn).order_by("created_at", "id"):
        links[link.profile].append(link_facts(link))
    for rule in compute_resource_rules().select_related("profile").filter(profile__account_id=facts.account_id):
        rules[rule.profile].append(rule_facts(rule))
    claims = claims_of(facts, resource_group_name=group_name(facts.resource_group_id))
    found = []
    for profile in {**links, **rules}:
        considered = matching.consider(
            facts, links=links[profile], rules=rules[profile], claims=claims, profile_account_id=profile.account_id
        )
        if chosen := next((each for each in considered if each.trusts), None):
            found.append(Trust(profile, str(chosen), isinstance(chosen.by, matching.LinkFacts)))
    return sorted(found, key=lambda trust: trust.profile.name)
