"""The assume grant: whether a caller may assume a trusted profile, as the profile's identities determine."""

from controlplane.kernel.caller import Caller
from controlplane.kernel.crn import Crn
from controlplane.kernel.verdict import Allowed, Refused, Verdict
from trustedprofiles import explain_urls
from trustedprofiles.models import ProfileIdentity, TrustedProfile

KINDS = {"crn-": "crn", "iam-ServiceId-": "serviceid", "IBMid-": "user"}
"""The kinds of identities, by the prefix of their IAM ids."""


def may_assume(iam_id: str, *, account_id: str, profile: TrustedProfile) -> Verdict:
    """Return whether the bearer of a token with this IAM id and account may assume the profile.

    A user must come from an account that the identity names, or from the profile's own.
    """
    rows = identities_naming(iam_id, profile)
    for row in rows:
        if _lets_in(row, account_id, profile):
            return Allowed(f"the profile trusts {row.type} {row.identifier}", source=row.identifier)
    explanation = explain_urls.assumption_url(iam_id, profile.id)
    if rows:
        because = f"it trusts {iam_id}, but not from account {account_id}. Add the account to the identity."
    elif path := path_of(iam_id, profile):
        because = f"{iam_id} is not one of its identities. Add it: POST {path}."
    else:
        because = f"{iam_id} is not one of its identities, which are people, service IDs and resources."
    return Refused(because, explanation)


def profiles_assumable(iam_id: str, *, account_id: str) -> list[TrustedProfile]:
    """Return every profile that ``may_assume`` allows, by name, including those of other accounts."""
    rows = ProfileIdentity.objects.select_related("profile").filter(iam_id=iam_id)
    profiles = {row.profile for row in rows if _lets_in(row, account_id, row.profile)}
    return sorted(profiles, key=lambda profile: (profile.name, profile.id))


def _lets_in(row: ProfileIdentity, account_id: str, profile: TrustedProfile) -> bool:
    return row.type != ProfileIdentity.Type.USER or account_id in (row.accounts or [profile.account_id])


def identities_naming(iam_id: str, profile: TrustedProfile) -> list[ProfileIdentity]:
    return list(ProfileIdentity.objects.filter(profile=profile, iam_id=iam_id).order_by("id"))


def path_of(iam_id: str, profile: TrustedProfile) -> str:
    """Return the path that adds this identity; empty for an identity of another kind, such as a trusted
    profile."""
    kind = next((kind for start, kind in KINDS.items() if iam_id.startswith(start)), "")
    return f"/v1/profiles/{profile.id}/identities/{kind}" if kind else ""


def identity_of(caller: Caller) -> str:
    """Return the identifier by which a profile's identities name the bearer of a token: its IAM id, or a server's
    CRN."""
    return f"crn-{caller.compute_resource_crn}" if caller.compute_resource_crn else caller.iam_id


def find_assumable(
    *, account_id: str | None, id: str | None = None, crn: str | None = None, name: str | None = None
) -> TrustedProfile | None:
    """Return the profile, of any account, that matches all the given keys. A name needs its account.

    The caller of this function must give the same answer for a profile that may not be assumed and for a missing one.
    """
    keys = {"id": id, "name": name, "account_id": account_id}
    if crn is not None:
        try:
            parts = Crn.parse(crn)
        except ValueError:
            return None
        if (parts.service, parts.resource_type) != ("iam-identity", "profile"):
            return None
        if id not in (None, parts.resource) or account_id not in (None, parts.account_id):
            return None
        keys |= {"id": parts.resource, "account_id": parts.account_id}
    if any("\0" in value for value in keys.values() if value) or not (keys["id"] or (name and account_id)):
        return None
    return TrustedProfile.objects.filter(**{key: value for key, value in keys.items() if value is not None}).first()
