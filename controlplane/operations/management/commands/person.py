from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from controlplane.database.migration_state import compare
from controlplane.deployment import credentials
from controlplane.kernel.errors import ApiError
from controlplane.operations import info
from controlplane.operations.users import DEFAULT_ROLE, GRANTS, give_api_key, give_role
from trustedprofiles.models import Account


class Command(BaseCommand):
    help = "Create a user who can sign in to the console as viewer, operator or owner, or change the role of a user."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name to sign in with")
        parser.add_argument("--api-key", action="store_true", help="also create an API key of the user and print it")
        parser.add_argument("--role", choices=list(GRANTS), default="", help="default for a new user: viewer")

    def handle(self, *args: Any, **options: Any) -> None:
        compare().require_known()
        try:
            account_credentials = credentials.read(settings.HOME)
            if account_credentials is None:
                raise info.EmptyDataDirectory(settings.HOME)
            account = Account.objects.get(id=account_credentials.account_id)
            password = give_role(account, username=options["name"], role=options["role"])
            api_key = give_api_key(account, username=options["name"]) if options["api_key"] else ""
        except info.EmptyDataDirectory as error:
            raise CommandError(str(error)) from None
        except IntegrityError:
            raise CommandError(
                f"A user of another account has the name {options['name']}. Choose another name."
            ) from None
        except ApiError as error:
            raise CommandError(error.message) from None
        if options["role"] or password:
            self.stdout.write(f"{options['name']} is {options['role'] or DEFAULT_ROLE}.")
        else:
            self.stdout.write(f"The role of {options['name']} does not change.")
        if password:
            self.stdout.write(f"Password: {password}")
        if api_key:
            self.stdout.write(f"API key: {api_key}")
