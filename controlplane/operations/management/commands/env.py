from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from controlplane.operations import environment, info


class Command(BaseCommand):
    help = (
        "Print the environment that points IBM's SDKs and Terraform at this Baremint. Without SERVER it is an "
        "operator's, with the API key. With SERVER it is that of a program on the server, which has no key: its SDKs "
        "ask the server's own metadata service. Terraform is an operator's tool: its format is always an operator's."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "Examples:\n"
            '  eval "$(baremint env)"                      an operator\'s shell\n'
            '  eval "$(baremint env web-1)"                a program\'s shell, on web-1\n'
            '  eval "$(baremint env --format terraform)"   then: terraform plan\n'
            "  baremint env web-1 --format dotenv > .env"
        )
        parser.add_argument("server", metavar="SERVER", nargs="?", help="name, id or CRN of a bare metal server")
        parser.add_argument(
            "--format", choices=sorted(environment.FORMATS), default="shell", help="how to print it (default shell)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            facts = info.collect()
            server = info.find_server(facts, options["server"]) if options["server"] else None
        except (info.NothingHere, info.UnknownServer) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read: {str(error).strip()}") from None
        if options["format"] == "terraform":
            variables = environment.of_terraform(facts, region=settings.BAREMINT_REGION)
        elif server:
            variables = environment.of_program(facts, server)
        else:
            variables = environment.of_operator(facts)
            variables |= environment.of_terraform(facts, region=settings.BAREMINT_REGION)
        self.stdout.write(environment.FORMATS[options["format"]](variables))
