import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from controlplane.deployment.command_line import command_hint
from controlplane.lab import enter, state


class Command(BaseCommand):
    help = (
        "Open a shell in a server of the lab, or run a command there. Only PATH, HOME, the terminal and the language "
        "are taken from your environment, so a program that works inside needs no configuration."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.usage = "baremint enter SERVER [-- COMMAND ...]"
        parser.add_argument("server", metavar="SERVER", help="name, id or CRN")
        command = parser.add_argument("command", metavar="COMMAND", nargs=REMAINDER, help="default: your shell")
        command.required = False  # argparse would report it as required

    def handle(self, *args: Any, **options: Any) -> None:
        command = options["command"]
        command = command[1:] if command[:1] == ["--"] else command
        lab = state.running(settings.HOME)
        if lab is None:
            raise CommandError(f"No lab runs here. Start it: {command_hint('lab up')}")
        try:
            entry = enter.find(lab, options["server"])
            status = enter.enter(entry, command or enter.shell(), user_namespace=lab.user_namespace)
        except enter.CannotEnter as error:
            raise CommandError(str(error)) from None
        sys.exit(status)
