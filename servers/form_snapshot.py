"""The switches of the metadata service as a page shows them, to compare when its form comes back."""

from controlplane.kernel.form_snapshot import FormSnapshot
from servers.models import BareMetalServer
from trustedprofiles.models import Account

WORDS = {True: "on", False: "off"}


def switches_shown(server: BareMetalServer) -> FormSnapshot:
    """Return a server's own switches. Off and on again is a change too, because it ends tokens."""
    values = {"metadata service": WORDS[server.metadata_enabled], "protocol": server.metadata_protocol}
    return FormSnapshot(f"{server.id}-{server.metadata_epoch}", server.name, values)


def account_shown(account: Account, *, enabled: bool) -> FormSnapshot:
    """Return the switch over all servers of an account."""
    return FormSnapshot(account.id, account.name, {"metadata service of the account": WORDS[enabled]})
