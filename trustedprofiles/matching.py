"""Does a trusted profile trust this server? Any link that names it suffices."""

from collections.abc import Iterable
from dataclasses import dataclass

from controlplane.kernel.facts import ServerFacts
from controlplane.kernel.verdict import Allowed, Refused, Verdict

BARE_METAL = "BMS"


@dataclass(frozen=True)
class LinkFacts:
    id: str
    cr_type: str
    crn: str
    is_cross_account: bool = False


def decide(facts: ServerFacts, *, links: Iterable[LinkFacts], profile_account_id: str) -> Verdict:
    """Trust by link: type BMS and the server's CRN; another account's server only when the link says so."""
    foreign = facts.account_id != profile_account_id
    because = "no link names it. Link it: cr_type BMS, crn of the server."
    for link in links:
        if link.cr_type != BARE_METAL or link.crn != facts.crn:
            continue
        if not foreign or link.is_cross_account:
            return Allowed(f"link {link.id} names this server", source=link.id)
        because = f"link {link.id} names it, but it is of another account. Link it with is_cross_account."
    return Refused(because)
