"""The commands of ``controlplane.operations.commands`` as Django commands, which read the database.

They serve ``call_command``, and the command line while Baremint does not run.
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.deployment.location import Location
from controlplane.operations.commands import without_django
from controlplane.operations.commands.command import CommandFailed, Context
from controlplane.operations.database_source import DatabaseSource


def django_command(name: str) -> type[BaseCommand]:
    """Return the command of this name."""
    command = without_django.command(name)

    class Command(BaseCommand):
        help = command.help
        requires_system_checks = []

        def add_arguments(self, parser: ArgumentParser) -> None:
            command.add_arguments(parser)

        def handle(self, *args: Any, **options: Any) -> None:
            try:
                command.run(options, Context(Location.of(settings), DatabaseSource(), self.stdout.write))
            except CommandFailed as error:
                raise CommandError(str(error)) from None

    return Command
