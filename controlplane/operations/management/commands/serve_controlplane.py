from controlplane.operations import endpoints
from controlplane.operations.serving import ServeCommand


class Command(ServeCommand):
    help = "Serve the control plane (VPC API, IAM, admin) on BAREMINT_HOST:BAREMINT_PORT until SIGTERM."
    settings_module = "controlplane.settings"
    application = "controlplane.wsgi:application"
    endpoint = staticmethod(endpoints.control_plane)
