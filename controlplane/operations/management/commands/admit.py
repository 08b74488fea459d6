from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlplane.activity.record import SYSTEM
from controlplane.database.migration_state import compare
from controlplane.instances.models import ResourceInstance
from controlplane.kernel.errors import ApiError
from controlplane.keyprotect.models import SERVICE
from controlplane.keyprotect.services.instance_policies import admit_everyone


class Command(BaseCommand):
    help = "Disable the policies of an instance of Key Protect that admit only some networks and addresses."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("guid", metavar="GUID", help="the GUID of the instance, as baremint info shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        compare().require_known()
        guid = options["guid"].lower()
        instance = ResourceInstance.objects.filter(guid=guid, service=SERVICE).first()
        if instance is None:
            raise CommandError(f"There is no instance of Key Protect with the GUID {guid}. baremint info shows them.")
        try:
            kinds = admit_everyone(instance, by=SYSTEM)
        except ApiError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"Disabled: {', '.join(kinds)}." if kinds else "Every address is admitted already.")
