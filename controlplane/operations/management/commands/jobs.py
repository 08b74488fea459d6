from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.cli import joblist
from controlplane.cli.output import as_json
from controlplane.operations.connection import ENVIRONMENT, connected


class Command(BaseCommand):
    help = f"List what works in the background: how the last runs went, and what is due next. {ENVIRONMENT}"
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts: the answer as it came")

    def handle(self, *args: Any, **options: Any) -> None:
        with connected() as client:
            answer = joblist.jobs(client)
            self.stdout.write(as_json(answer) if options["json"] else joblist.as_text(answer))
