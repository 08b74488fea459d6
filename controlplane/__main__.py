"""The ``baremint`` console script: every subcommand is a Django management command."""

import os
import signal
import sys

import controlplane.operations.supervisor.stopping  # noqa: F401  notes who started this process, before that may end


def main() -> None:
    _open_standard_streams()
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _open_standard_streams() -> None:
    """Where the caller has closed one, the next file to be opened would become it, for this program's children too."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)
    os.close(opened)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+"))  # noqa: SIM115  for the life of the process


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
