"""The ``baremint`` console script. What can be done without Django is; the rest are its management commands."""

import os
import signal
import sys

import controlplane.operations.supervisor.stopping  # noqa: F401  notes who started this process, before that may end

REFUSAL = "Baremint cannot start with these settings:"


def main() -> None:
    # Both may come from the caller: with them no end of a child, and no request to stop, would be noticed.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
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
    from controlplane.env import WrongSetting
    from controlplane.operations import addressspace
    from controlplane.operations.commands import front

    try:
        if sys.argv[1:2] == ["up"]:
            addressspace.check()  # before what is loaded takes more than there is
        if (status := front.run(sys.argv)) is not None:
            sys.exit(status)
    except addressspace.TooSmall as error:
        sys.exit(f"CommandError: {error}")
    except WrongSetting as error:
        sys.exit(f"{REFUSAL} {error}")
    _run_django()


def _run_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from controlplane.env import WrongSetting
    from controlplane.home import unusable
    from controlplane.operations import background
    from controlplane.operations.saying import discard_the_rest

    try:
        settings.INSTALLED_APPS  # noqa: B018  Django would show a traceback for a setting that makes no sense
    except (WrongSetting, ImproperlyConfigured, OSError) as error:
        reason = unusable(error) if isinstance(error, OSError) else str(error)
        background.report_wrong_setting(sys.argv, reason)
        sys.exit(f"{REFUSAL} {reason}")
    try:
        execute_from_command_line(sys.argv)
    except BrokenPipeError:
        discard_the_rest()
        sys.exit(1)


if __name__ == "__main__":
    main()
