"""The ``baremint`` console script. What can be done without Django is; the rest are its management commands."""

import os
import signal
import sys

if "up" in sys.argv[1:4] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # (It may come after --home DIRECTORY.) Until it is ready to undo what it has started, Ctrl-C ends it: an exception
    # would get lost where Python can raise none, and the start would go on.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import controlplane.runtime.supervisor.stop_requests  # noqa: F401  notes who started this process, before that may end


def main() -> None:
    # Both may come from the caller: with them no end of a child, and no request to stop, would be noticed.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _open_standard_streams()
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    finally:
        _say_the_rest()


def _say_the_rest() -> None:
    """Whoever reads the output may be gone, as ``head`` is. Python would tell that at the end of the process."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        from controlplane.operations.terminal import discard_the_rest

        discard_the_rest()


def _open_standard_streams() -> None:
    """Where the caller has closed one, the next file to be opened would become it, for this program's children too."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)
    os.close(opened)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, "r+")  # noqa: SIM115  for the life of the process
            for each in (name, f"__{name}__"):
                setattr(sys, each, nowhere)


def _run() -> None:
    from controlplane.deployment.env import WrongSetting
    from controlplane.operations.commands import without_django
    from controlplane.runtime import background_process, process_limits

    try:
        os.getcwd()
    except FileNotFoundError:
        sys.exit("CommandError: The current directory is not there any more. Go to another one, such as: cd ~")
    try:
        if "up" in sys.argv[1:4]:
            process_limits.check()  # before what is loaded takes more than there is
        if (status := without_django.run(sys.argv)) is not None:
            sys.exit(status)
    except process_limits.TooLow as error:
        sys.exit(f"CommandError: {error}")
    except WrongSetting as error:
        background_process.report_wrong_setting(sys.argv, str(error))
        sys.exit(f"CommandError: {error}")
    _run_django()


def _run_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
    from django.apps import apps
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from controlplane.deployment.env import WrongSetting
    from controlplane.operations.terminal import discard_the_rest
    from controlplane.runtime import background_process

    try:
        apps.populate(settings.INSTALLED_APPS)  # Django would show a traceback for a setting that makes no sense
    except (WrongSetting, ImproperlyConfigured, OSError, ModuleNotFoundError) as error:
        reason = _reason(error)
        background_process.report_wrong_setting(sys.argv, reason)
        sys.exit(f"CommandError: {reason}")
    try:
        with settings.HOME.usable():
            settings.HOME.tighten()
            execute_from_command_line(sys.argv)
    except BrokenPipeError:
        discard_the_rest()
        sys.exit(1)
    except WrongSetting as error:
        sys.exit(f"CommandError: {error}")
    except Exception as error:
        from controlplane.database.migration_state import CannotUpgrade
        from controlplane.deployment.location import Place
        from controlplane.kernel.database_failures import for_operators, is_of_the_database
        from controlplane.operations.info import NothingHere

        if isinstance(error, CannotUpgrade):
            sys.exit(f"CommandError: {error}")
        if not is_of_the_database(error) or "--traceback" in sys.argv:
            raise
        if (place := Place.of(settings)).is_empty:
            sys.exit(f"CommandError: {NothingHere(place.home)}")
        sys.exit(f"CommandError: {for_operators(error)}")


def _reason(error: Exception) -> str:
    """Why the settings could not be read."""
    from controlplane.deployment.home import unusable

    if isinstance(error, OSError):
        return str(unusable(error))
    if isinstance(error, ModuleNotFoundError):
        wanted = os.environ["DJANGO_SETTINGS_MODULE"]
        if not f"{wanted}.".startswith(f"{error.name}."):
            raise error
        return f"DJANGO_SETTINGS_MODULE is {wanted!r}, and there is no such module."
    return str(error)


if __name__ == "__main__":
    main()
