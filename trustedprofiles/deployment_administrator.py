"""The deployment administrator, the owner of the first account. Only they may do what affects every account."""

from controlplane.kernel.verdict import Allowed, Refused, Verdict
from trustedprofiles.models import Account

ALWAYS = frozenset({"baremint.key.rotate"})
"""Actions that policies never grant, not even when there is one account."""
ONCE_SHARED = frozenset(
    {"baremint.certificate-renewal.read", "baremint.clock.administer", "baremint.job.list"},
)
"""Actions that policies grant only while there is one account, because no other account is affected."""
ADMINISTRATOR = "the caller is the deployment administrator"


def decide(*, account_id: str, iam_id: str, action: str) -> Verdict | None:
    """Return the verdict on an action that affects every account; None for an action that policies decide."""
    if action not in ALWAYS | ONCE_SHARED:
        return None
    accounts = list(Account.objects.order_by("-is_first").values_list("id", "owner_iam_id", "is_first")[:2])
    if (account_id, iam_id, True) in accounts:
        return Allowed(ADMINISTRATOR, source=account_id)
    if action in ONCE_SHARED and len(accounts) == 1:
        return None
    return Refused(
        f"{iam_id} is not authorized for {action}, which concerns every account of this deployment. Ask the deployment "
        "administrator, the owner of its first account."
    )
