from typing import Any

from django.core.management.base import BaseCommand

from controlplane.apidocs.permissions.page import page


class Command(BaseCommand):
    help = "Print which operation needs which IAM action, and which roles grant it, as Markdown: docs/permissions.md."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
