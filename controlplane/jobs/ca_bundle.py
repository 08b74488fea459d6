"""The CA bundle in the data directory: the roots that programs on this machine trust."""

from django.conf import settings

from controlplane.deployment.home import CA_BUNDLE
from identity.selectors import trusted_roots


def write() -> bool:
    """Write the bundle if it differs from what it should be; a program that reads it sees the old one or the new one.

    The start, every tick that this machine's worker takes and ``baremint rotate root`` do this. A root waits for years
    in the bundle before it signs, so on which machine a tick lands does not matter. Returns whether it was written.
    """
    roots = trusted_roots()
    if settings.HOME.read_secret(CA_BUNDLE) == roots.strip():
        return False
    settings.HOME.write_secret(CA_BUNDLE, roots)
    return True
