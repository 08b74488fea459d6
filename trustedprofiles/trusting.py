"""Trust seen from both ends, in few queries: which profiles trust a server, and which servers a profile trusts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.kernel.facts import ServerFacts
from trustedprofiles import matching
from trustedprofiles.conditions import Claim, ClaimCondition, claims_of
from trustedprofiles.models import ProfileLink, ResourceGroup, TrustedProfile
from trustedprofiles.selectors import compute_resource_rules, link_facts, rule_facts


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
    claims = _claims(facts, group_names([facts]))
    found = []
    for profile in {**links, **rules}:
        considered = matching.consider(
            facts, links=links[profile], rules=rules[profile], claims=claims, profile_account_id=profile.account_id
        )
        if chosen := next((each for each in considered if each.trusts), None):
            found.append(Trust(profile, str(chosen), isinstance(chosen.by, matching.LinkFacts)))
    return sorted(found, key=lambda trust: trust.profile.name)


def servers_described(
    conditions: Sequence[ClaimCondition], servers: Sequence[ServerFacts], *, account_id: str
) -> list[matching.Consideration]:
    """What a claim rule for bare metal servers with these conditions says of each server, in their order."""
    rule = matching.RuleFacts(id="", cr_type=matching.BARE_METAL, conditions=tuple(conditions))
    names = group_names(servers)
    return [
        matching.consider(facts, links=(), rules=[rule], claims=_claims(facts, names), profile_account_id=account_id)[0]
        for facts in servers
    ]


def group_names(servers: Sequence[ServerFacts]) -> dict[str, str]:
    """Names of the servers' resource groups, by id."""
    ids = {facts.resource_group_id for facts in servers}
    return dict(ResourceGroup.objects.filter(id__in=ids).values_list("id", "name"))


def _claims(facts: ServerFacts, names: dict[str, str]) -> dict[str, Claim]:
    return claims_of(facts, resource_group_name=names.get(facts.resource_group_id, ""))
