"""The region of a request: each has its own host name."""

from django.conf import settings

from servers import catalog


def region_of_host(host: str) -> str:
    """Return the region of a host name such as ``eu-de.iaas.cloud.ibm.com``.

    For any other host, this is the configured region.
    """
    label = host.partition(".")[0]
    return label if label in catalog.regions() else str(settings.BAREMINT_REGION)
