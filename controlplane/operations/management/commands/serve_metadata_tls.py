from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.operations import endpoints
from controlplane.operations.serving import until_told_to_stop, with_settings
from controlplane.operations.supervisor import sockets
from controlplane.operations.tls.doors import DoorServer
from controlplane.operations.tls.loopback import loopback_door


class Command(BaseCommand):
    help = "Serve the metadata service over TLS on BAREMINT_METADATA_TLS_PORT of every loopback address until SIGTERM."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        with_settings("controlplane.settings_inside", "serve_metadata_tls")
        try:
            listening = sockets.bind(endpoints.metadata_tls(), shared=False)
        except sockets.PortUnavailable as error:
            raise CommandError(str(error)) from None
        application = import_module("controlplane.wsgi_inside").application
        told_to_stop = until_told_to_stop()
        with DoorServer(application, threads=settings.BAREMINT_WORKERS * settings.BAREMINT_THREADS) as server:
            server.open(loopback_door(listening))
            told_to_stop.wait()
