"""The ``baremint`` console script. It runs a command without Django where possible, or else a management command.

A function imports what it needs itself: most commands must start without Django, ``up`` checks the limits of its
process before it loads more, and a failed import is reported by its message.
"""

import os
import signal
import sys

if "up" in sys.argv[1:4] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # ("up" may come after --home DIRECTORY.) Until it can undo what it has started, Ctrl-C kills it: an exception could
    # get lost where Python cannot raise one, and the start would continue.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import controlplane.runtime.supervisor.stop_requests  # noqa: F401  records the parent process before it may end


def main() -> None:
    # The caller may have changed both, and then neither the end of a child nor a request to stop would be noticed.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _open_standard_streams()
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    finally:
        _flush_output()


def _flush_output() -> None:
    """Flush the output and ignore a closed pipe, such as that of ``head``, which Python would report at its end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        from controlplane.operations.terminal import discard_output

        discard_output()


def _open_standard_streams() -> None:
    """Open the streams that the caller has closed. Otherwise the next opened file would take the place of a stream."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            null_device = open(os.devnull, "r+")  # noqa: SIM115  for the life of the process
            for each in (name, f"__{name}__"):
                setattr(sys, each, null_device)


def _run() -> None:
    from controlplane.deployment.env import WrongSetting
    from controlplane.operations.commands import without_django
    from controlplane.runtime import background_process, process_limits

    try:
        os.getcwd()
    except FileNotFoundError:
        sys.exit("CommandError: The current directory is not there any more. Change to another one, such as: cd ~")
    try:
        if "up" in sys.argv[1:4]:
            process_limits.check()  # before the loaded modules exceed a limit
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
    from controlplane.operations.terminal import discard_output
    from controlplane.runtime import background_process

    try:
        apps.populate(settings.INSTALLED_APPS)  # Django would show a traceback for a wrong setting
    except (WrongSetting, ImproperlyConfigured, OSError, ModuleNotFoundError) as error:
        reason = _reason(error)
        background_process.report_wrong_setting(sys.argv, reason)
        sys.exit(f"CommandError: {reason}")
    try:
        with settings.HOME.usable():
            settings.HOME.tighten()
            execute_from_command_line(sys.argv)
    except BrokenPipeError:
        discard_output()
        sys.exit(1)
    except WrongSetting as error:
        sys.exit(f"CommandError: {error}")
    except Exception as error:
        from controlplane.database.migration_state import CannotUpgrade
        from controlplane.deployment.location import Location
        from controlplane.kernel.database_failures import for_operators, is_database_failure
        from controlplane.operations.info import EmptyDataDirectory

        if isinstance(error, CannotUpgrade):
            sys.exit(f"CommandError: {error}")
        if not is_database_failure(error) or "--traceback" in sys.argv:
            raise
        if (location := Location.of(settings)).is_empty:
            sys.exit(f"CommandError: {EmptyDataDirectory(location.home)}")
        sys.exit(f"CommandError: {for_operators(error)}")


def _reason(error: Exception) -> str:
    """Return why the settings could not be read."""
    from controlplane.deployment.home import unusable

    if isinstance(error, OSError):
        return str(unusable(error))
    if isinstance(error, ModuleNotFoundError):
        module = os.environ["DJANGO_SETTINGS_MODULE"]
        if not f"{module}.".startswith(f"{error.name}."):
            raise error
        return f"DJANGO_SETTINGS_MODULE is {module!r}, and there is no such module."
    return str(error)


if __name__ == "__main__":
    main()
