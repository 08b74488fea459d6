"""The deployment administrator: the owner of the first account. What touches every account is that person's alone."""

from controlplane.kernel.verdict import Allowed, Refused, Verdict
from trustedprofiles.models import Account

ALWAYS = frozenset({"baremint.key.rotate"})
"""Actions on what all accounts have in common, whether there is one account or a hundred."""
ONCE_SHARED = frozenset(
    {"baremint.certificate-renewal.read", "baremint.clock.administer", "baremint.job.list"},
)
"""Actions that policies grant while there is one account, for then nobody else notices."""
ADMINISTRATOR = "the caller is the deployment administrator"


def decide(*, account_id: str, iam_id: str, action: str) -> Verdict | None:
    """What is decided of an action that may touch every account; None: policies decide it, as they do all others."""
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
