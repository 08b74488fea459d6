from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from controlplane.database.migration_state import compare
from controlplane.deployment import credentials
from controlplane.kernel.errors import ApiError
from controlplane.operations import info
from controlplane.operations.users import GRANTS, NEWCOMER, give_api_key, give_role
from trustedprofiles.models import Account


class Command(BaseCommand):
    help = "Let a person sign in to the console, as viewer, operator or owner; or give one who may another role."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name to sign in with")
        parser.add_argument("--api-key", action="store_true", help="make an API key of theirs, too, and print it")
        parser.add_argument(
            "--role", choices=list(GRANTS), default="", help="of a new person, viewer unless another is named"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        compare().require_known()
        try:
            given = credentials.read(settings.HOME)
            if given is None:
                raise info.NothingHere(settings.HOME)
            account = Account.objects.get(id=given.account_id)
            password = give_role(account, username=options["name"], role=options["role"])
            api_key = give_api_key(account, username=options["name"]) if options["api_key"] else ""
        except info.NothingHere as error:
            raise CommandError(str(error)) from None
        except IntegrityError:
            raise CommandError(f"Somebody of another account is called {options['name']}. Choose another.") from None
        except ApiError as error:
            raise CommandError(error.message) from None
        if options["role"] or password:
            self.stdout.write(f"{options['name']} is {options['role'] or NEWCOMER}.")
        else:
            self.stdout.write(f"{options['name']} keeps the role that they have.")
        if password:
            self.stdout.write(f"Password: {password}")
        if api_key:
            self.stdout.write(f"API key: {api_key}")
