from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from controlplane.deployment import endpoints, sockets
from controlplane.operations.up import preloading, serving
from identity import key_encryption


class Command(BaseCommand):
    help = "Serve the metadata service over TLS on BAREMINT_METADATA_TLS_PORT of every loopback address until SIGTERM."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        preloading.load_http()
        serving.take_settings(serving.SETTINGS[serving.METADATA])
        try:
            key_encryption.refuse_wrong_kek()
            listening = sockets.bind(endpoints.metadata_tls(), shared=False)
        except (sockets.PortUnavailable, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        serving.serve_tls(listening, ready=lambda: None)
