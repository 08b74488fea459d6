"""May this caller become a trusted profile by the assume grant? The profile's identities say so."""

from controlplane.kernel.caller import Caller
from controlplane.kernel.crn import Crn
from controlplane.kernel.verdict import Allowed, Refused, Verdict
from trustedprofiles import questions
from trustedprofiles.models import ProfileIdentity, TrustedProfile


def may_assume(iam_id: str, *, account_id: str, profile: TrustedProfile) -> Verdict:
    """May the bearer of a token that says so of itself, from this account? A user must come from an account that the
    identity names, or from the profile's own."""
    rows = list(ProfileIdentity.objects.filter(profile=profile, iam_id=iam_id).order_by("id"))
    for row in rows:
        if row.type != ProfileIdentity.Type.USER or account_id in (row.accounts or [profile.account_id]):
            return Allowed(f"the profile trusts {row.type} {row.identifier}", source=row.identifier)
    explanation = questions.assumption_url(iam_id, profile.id)
    if rows:
        because = f"it trusts {iam_id}, but not from account {account_id}. Add the account to the identity."
    else:
        because = f"{iam_id} is none of its identities. Add it: POST {path_of(iam_id, profile)}."
    return Refused(because, explanation)


def path_of(iam_id: str, profile: TrustedProfile) -> str:
    """Where an identity of this kind is added."""
    kind = "crn" if iam_id.startswith("crn-") else "serviceid" if iam_id.startswith("iam-ServiceId-") else "user"
    return f"/v1/profiles/{profile.id}/identities/{kind}"


def identity_of(caller: Caller) -> str:
    """What a profile's identities know the bearer of a token by: its IAM id, and a server by its CRN."""
    return f"crn-{caller.compute_resource_crn}" if caller.compute_resource_crn else caller.iam_id


def find_assumable(
    *, account_id: str | None, id: str | None = None, crn: str | None = None, name: str | None = None
) -> TrustedProfile | None:
    """The profile, of whatever account, that all the given keys designate. A name needs its account.

    Whether the caller may know of it is another question: what it may not assume it must not tell from what is not
    there.
    """
    wanted = {"id": id, "name": name, "account_id": account_id}
    if crn is not None:
        try:
            parsed = Crn.parse(crn)
        except ValueError:
            return None
        if (parsed.service, parsed.resource_type) != ("iam-identity", "profile"):
            return None
        if id not in (None, parsed.resource) or account_id not in (None, parsed.account_id):
            return None
        wanted |= {"id": parsed.resource, "account_id": parsed.account_id}
    if any("\0" in value for value in wanted.values() if value) or not (wanted["id"] or (name and account_id)):
        return None
    return TrustedProfile.objects.filter(**{key: value for key, value in wanted.items() if value is not None}).first()
