from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.cli import timing
from controlplane.cli.output import as_json
from controlplane.operations.connection import ENVIRONMENT, connected


class Command(BaseCommand):
    help = (
        "Show or move the domain's clock: tokens, keys, certificates and servers age by it, in all processes. "
        f"{ENVIRONMENT}"
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts: the answer as it came")
        timing.add_words(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with connected() as client:
            reading = timing.turn(client, timing.movement(options))
            self.stdout.write(as_json(reading) if options["json"] else timing.as_text(reading))
