"""``baremint up --detach`` and ``down``: start Baremint in the background, and stop it."""

import math
from argparse import SUPPRESS, ArgumentTypeError

from controlplane.cli.arguments import argument, arguments
from controlplane.deployment import process_lock
from controlplane.deployment.command_line import command_hint
from controlplane.deployment.home import Home, unusable
from controlplane.lab import state
from controlplane.operations import welcome
from controlplane.operations.commands.command import Command, CommandFailed, Context, Options
from controlplane.operations.terminal import ignore_closed_output
from controlplane.runtime import background_process
from controlplane.runtime.supervisor import termination
from controlplane.runtime.supervisor.stop_requests import NotRunning, StopRequests


def end_with(stop_requests: StopRequests, process: int | None) -> None:
    """Stop when the process of ``--stop-with`` ends. Raises CommandFailed when there is no such process."""
    if process is None:
        return
    try:
        stop_requests.end_with(process, f"Process {process} has ended (--stop-with).")
    except NotRunning:
        raise CommandFailed(f"--stop-with {process}: no such process runs.") from None


def acquire_home(home: Home) -> str:
    """Lock the data directory before any slow step, so that a second start is refused at once and ``down`` finds this
    process while it loads. Returns a message for the user, or "". Raises CommandFailed, UnusableHome."""
    try:
        message = home.secure()
        process_lock.lock_early(home)
    except process_lock.AlreadyRunning as error:
        raise CommandFailed(str(error)) from None
    except OSError as error:
        raise unusable(error) from None
    return message


def _up(options: Options, context: Context) -> None:
    process, home = options["stop_with"], context.location.home
    message = home.secure()
    end_with(StopRequests(), process)
    if (holder := process_lock.holder(home)) is not None:
        raise CommandFailed(str(process_lock.AlreadyRunning(home, holder)))
    command = ["up", *(["--lab"] if options["lab"] else [])]
    if process is not None:
        command += ["--stop-with", str(process)]

    def write(text: str) -> None:
        with ignore_closed_output():
            context.write(text)

    if message:
        write(f"  ... {message}")
    try:
        facts = background_process.start(home, *command, progress=lambda text: write(f"  ... {text}"))
    except background_process.StartFailed as error:
        raise CommandFailed(str(error)) from None
    write(f"\nBaremint is up.\n\n{welcome.block(facts, in_lab=options['lab'])}\n\n")
    write(f"  It runs in the background (process {process_lock.holder(home)}).")
    write(f"  Log: {home.path / background_process.LOG}   Stop: {command_hint('down')}")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ArgumentTypeError("it must be a number of seconds, 0 or more")
    return seconds


def _down(options: Options, context: Context) -> None:
    home = context.location.home
    pid = process_lock.holder(home)
    if pid is None:
        context.write(f"Nothing runs in {home.path}.")
        return
    context.write(f"Stopping Baremint in {home.path} (process {pid}) ...")
    try:
        gently = termination.end(pid, seconds=options["seconds"])
        if keeper := process_lock.holder(home, state.LOCK):  # a separate lab would end a moment later
            termination.end(keeper, seconds=options["seconds"])
    except termination.CannotEnd as error:
        raise CommandFailed(str(error)) from None
    context.write("Stopped." if gently else "It did not stop in time and was killed.")


COMMANDS = {
    "up": Command(
        "Start Baremint: prepare the database, then run control plane, metadata service, broker, Celery worker "
        "and beat until Ctrl-C or SIGTERM. The data directory is BAREMINT_HOME (default ./.baremint).",
        arguments(
            argument(
                "--detach",
                action="store_true",
                help="run in the background; return once everything answers. The log is BAREMINT_HOME/baremint.log.",
            ),
            argument("--lab", action="store_true", help="also run every server in the lab: see baremint lab"),
            argument(
                "--stop-with",
                type=int,
                metavar="PID",
                help="stop when that process ends for any reason: for test suites",
            ),
            argument("--report-to", type=int, help=SUPPRESS),
        ),
        _up,
    ),
    "down": Command(
        "Stop the Baremint that runs in BAREMINT_HOME. Its data stays for the next `baremint up`.",
        argument("--seconds", type=_seconds, default=30.0, help="how long to wait before killing it (default 30)"),
        _down,
    ),
}
