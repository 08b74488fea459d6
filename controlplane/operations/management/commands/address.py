from controlplane.operations.management.django_command import django_command

Command = django_command("address")
