from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from controlplane.cli.words import add_words, run_word
from controlplane.operations.connection import ENVIRONMENT, connected


class Command(BaseCommand):
    help = (
        "The VPC API in the words of IBM's command line: baremint is bare-metal-servers. "
        f"{ENVIRONMENT} Names, ids and CRNs will all do."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--region", default="", help="another region than the deployment's own, such as eu-de")
        add_words(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with connected(options["region"]) as client:
            self.stdout.write(run_word(client, options))
