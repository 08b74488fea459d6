"""The ``baremint`` console script: every subcommand is a Django management command."""

import os
import signal
import sys

import controlplane.operations.supervisor.stopping  # noqa: F401  notes who started this process, before that may end


def main() -> None:
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018  Django would show a traceback for a setting that makes no sense
    except (ImproperlyConfigured, OSError) as error:
        sys.exit(f"Baremint cannot start with these settings: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
