"""The commands of ``controlplane.operations.commands`` as Django has commands: for ``call_command``, and to read the
database while nothing runs."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.deployment.location import Location
from controlplane.operations.commands import without_django
from controlplane.operations.commands.command import CommandFailed, Context
from controlplane.operations.database_source import Records


def offered(name: str) -> type[BaseCommand]:
    """The command of this name. It reads the database where ``front`` asks the Baremint that runs."""
    command = without_django.command(name)

    class Command(BaseCommand):
        help = command.help
        requires_system_checks = []

        def add_arguments(self, parser: ArgumentParser) -> None:
            command.add_arguments(parser)

        def handle(self, *args: Any, **options: Any) -> None:
            try:
                command.run(options, Context(Location.of(settings), Records(), self.stdout.write))
            except CommandFailed as error:
                raise CommandError(str(error)) from None

    return Command
