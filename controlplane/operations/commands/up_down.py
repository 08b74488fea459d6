"""``baremint up --detach`` and ``down``: what starts the Baremint in the background, and what stops it."""

import math
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError

from controlplane.deployment import process_lock
from controlplane.deployment.command_line import command_hint
from controlplane.deployment.home import Home, unusable
from controlplane.lab import state
from controlplane.operations.commands.command import Command, CommandFailed, Context, Options
from controlplane.operations.terminal import unheard
from controlplane.operations.up import welcome
from controlplane.runtime import background_process
from controlplane.runtime.supervisor import termination
from controlplane.runtime.supervisor.stop_requests import NotRunning, StopRequests


def _up_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--detach",
        action="store_true",
        help="run in the background; return once everything answers. The log is BAREMINT_HOME/baremint.log.",
    )
    parser.add_argument("--lab", action="store_true", help="put every server into the lab, too: see baremint lab")
    parser.add_argument(
        "--stop-with", type=int, metavar="PID", help="stop when that process ends, however it ends: for test suites"
    )
    parser.add_argument("--report-to", type=int, help=SUPPRESS)


def end_with(stop_requests: StopRequests, process: int | None) -> None:
    """Stop when the process of ``--stop-with`` ends. Raises CommandFailed when it does not run."""
    if process is None:
        return
    try:
        stop_requests.end_with(process, f"Process {process} has ended (--stop-with).")
    except NotRunning:
        raise CommandFailed(f"--stop-with {process}: no such process runs.") from None


def claim(home: Home) -> str:
    """Take the data directory, before anything that takes time: a second start is refused at once, and ``down`` finds
    one that is still loading. Returns what to tell of it, if anything. Raises CommandFailed, UnusableHome."""
    try:
        told = home.secure()
        process_lock.take(home)
    except process_lock.AlreadyRunning as error:
        raise CommandFailed(str(error)) from None
    except OSError as error:
        raise unusable(error) from None
    return told


def _up(options: Options, context: Context) -> None:
    process, home = options["stop_with"], context.location.home
    secured = home.secure()
    end_with(StopRequests(), process)
    if (holder := process_lock.holder(home)) is not None:
        raise CommandFailed(str(process_lock.AlreadyRunning(home, holder)))
    command = ["up", *(["--lab"] if options["lab"] else [])]
    if process is not None:
        command += ["--stop-with", str(process)]

    def say(text: str) -> None:
        with unheard():
            context.say(text)

    if secured:
        say(f"  ... {secured}")
    try:
        facts = background_process.start(home, *command, progress=lambda text: say(f"  ... {text}"))
    except background_process.StartFailed as error:
        raise CommandFailed(str(error)) from None
    say(f"\nBaremint is up.\n\n{welcome.block(facts, in_lab=options['lab'])}\n\n")
    say(f"  It runs in the background (process {process_lock.holder(home)}).")
    say(f"  Log: {home.path / background_process.LOG}   Stop: {command_hint('down')}")


def _down_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=_seconds, default=30.0, help="how long to wait before ending it the hard way (default 30)"
    )


def _seconds(text: str) -> float:
    try:
        read = float(text)
    except ValueError:
        read = math.nan
    if not 0 <= read < math.inf:
        raise ArgumentTypeError("it must be a number of seconds, from 0 on")
    return read


def _down(options: Options, context: Context) -> None:
    home = context.location.home
    pid = process_lock.holder(home)
    if pid is None:
        context.say(f"Nothing runs in {home.path}.")
        return
    context.say(f"Stopping Baremint in {home.path} (process {pid}) ...")
    try:
        gently = termination.end(pid, seconds=options["seconds"])
        if keeper := process_lock.holder(home, state.LOCK):  # a lab beside it would end with it a moment later
            termination.end(keeper, seconds=options["seconds"])
    except termination.CannotEnd as error:
        raise CommandFailed(str(error)) from None
    context.say("Stopped." if gently else "It did not stop by itself; it is ended.")


COMMANDS = {
    "up": Command(
        "Start Baremint: prepare the database, then run control plane, metadata service, broker, Celery worker "
        "and beat until Ctrl-C or SIGTERM. The data directory is BAREMINT_HOME (default ./.baremint).",
        _up_arguments,
        _up,
    ),
    "down": Command(
        "Stop the Baremint that runs in BAREMINT_HOME. What it knows stays; `baremint up` finds it again.",
        _down_arguments,
        _down,
    ),
}
