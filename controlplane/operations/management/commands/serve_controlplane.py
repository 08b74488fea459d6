from controlplane.deployment import endpoints
from controlplane.operations.management.serve_command import ServeCommand
from controlplane.operations.up import serving


class Command(ServeCommand):
    help = "Serve the control plane (VPC API, IAM, admin) on BAREMINT_HOST:BAREMINT_PORT until SIGTERM."
    service = "control plane"
    wsgi = serving.CONTROL_PLANE
    endpoint = staticmethod(endpoints.control_plane)
