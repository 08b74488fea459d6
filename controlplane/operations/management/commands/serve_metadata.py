from controlplane.deployment import endpoints
from controlplane.operations.management.serve_command import ServeCommand
from controlplane.operations.up import serving


class Command(ServeCommand):
    help = "Serve the metadata service on BAREMINT_METADATA_PORT of every loopback address until SIGTERM."
    service = "metadata"
    wsgi = serving.METADATA
    endpoint = staticmethod(endpoints.metadata_service)
