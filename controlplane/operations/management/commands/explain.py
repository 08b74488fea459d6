import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.cli import explaining
from controlplane.cli.output import as_json
from controlplane.operations.connection import ENVIRONMENT, connected
from controlplane.operations.program import paste


class Command(BaseCommand):
    help = (
        "Say why something is allowed or not: what decided, what was considered, what would change it. "
        "Of an action, of a trusted profile and a server, of a trusted profile and who would assume it, or of a server "
        f"and its metadata service. {ENVIRONMENT}"
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        explaining.add_question(parser)
        parser.add_argument("--json", action="store_true", help="for scripts: the answer as it came")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["token"] == "-":  # noqa: S105
            options["token"] = sys.stdin.read().strip()
        asked = explaining.question(options)
        if not asked:
            raise CommandError(f"What? For example: {paste('explain --server web-1 --profile demo-viewer')}")
        with connected() as client:
            answer = explaining.explain(client, asked)
            text = explaining.as_text(answer, url=client.url, token_command=paste("token"))
            self.stdout.write(as_json(answer) if options["json"] else text)
