from controlplane.operations import endpoints
from controlplane.operations.serving import ServeCommand


class Command(ServeCommand):
    help = "Serve the metadata service on BAREMINT_METADATA_PORT of every loopback address until SIGTERM."
    settings_module = "controlplane.settings_inside"
    application = "controlplane.wsgi_inside:application"
    endpoint = staticmethod(endpoints.metadata_service)
