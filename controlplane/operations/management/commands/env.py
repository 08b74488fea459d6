from controlplane.operations.management.django_command import offered

Command = offered("env")
