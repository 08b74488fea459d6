"""The cast: Alice owns the account, Victor is a trusted profile with a Viewer policy, Mallory lives elsewhere."""

from dataclasses import dataclass

from controlplane.kernel import clock, ids
from controlplane.kernel.caller import Caller
from trustedprofiles.models import Account, ResourceGroup

ACCOUNT = "a" * 32
OTHER_ACCOUNT = "b" * 32


def make_account(account_id: str = ACCOUNT, owner_iam_id: str = "IBMid-ALICE00001") -> Account:
    account = Account.objects.create(
        id=account_id, name=f"Account {account_id[0]}", owner_iam_id=owner_iam_id, created_at=clock.now()
    )
    ResourceGroup.objects.create(
        id=ids.hex_id(), account=account, name="Default", is_default=True, created_at=clock.now()
    )
    return account


ALICE = Caller(iam_id="IBMid-ALICE00001", account_id=ACCOUNT, name="Alice", sub_type="User")
MALLORY = Caller(iam_id="IBMid-MALLORY01", account_id=OTHER_ACCOUNT, name="Mallory", sub_type="User")


@dataclass(frozen=True)
class World:
    account: Account
    other_account: Account


def make_world() -> World:
    return World(account=make_account(), other_account=make_account(OTHER_ACCOUNT, MALLORY.iam_id))
