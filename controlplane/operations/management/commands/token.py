from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.operations.connection import ENVIRONMENT, connected


class Command(BaseCommand):
    help = f"Print an IAM access token of the API key, for an Authorization header. {ENVIRONMENT}"
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Takes none."""

    def handle(self, *args: Any, **options: Any) -> None:
        with connected() as client:
            self.stdout.write(client.token)
