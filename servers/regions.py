"""Which region is meant: each is a world under a host name of its own."""

from django.conf import settings

from servers import catalog


def region_of_host(host: str) -> str:
    """The region whose host was called, ``eu-de.iaas.cloud.ibm.com``; on every other host, the configured one."""
    label = host.partition(".")[0]
    return label if label in catalog.regions() else str(settings.BAREMINT_REGION)
