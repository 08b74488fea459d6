"""Run a command and adopt what it leaves behind: ``python -P subreaper.py OUTPUT COMMAND ...`` (prctl(2)).

An orphan becomes a child of this process, and not of init, so the caller can see all that came of the command,
whatever it did to its session, its environment or its user. It prints the process id of the command, and the status
when it has ended. At the end of its standard input it kills whatever is left.
"""

import ctypes
import os
import select
import signal
import sys
from pathlib import Path

BECOME_SUBREAPER = 36  # prctl(2)
DEFAULT = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE)  # whatever the suite was started with


def children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def main() -> None:
    ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1, 0, 0, 0)
    output, *command = sys.argv[1:]
    how = os.O_RDWR if output.startswith("/dev/") else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    stdin = (os.POSIX_SPAWN_OPEN, 0, output if output.startswith("/dev/") else os.devnull, os.O_RDWR, 0)
    files = [stdin, (os.POSIX_SPAWN_OPEN, 1, output, how, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)]
    if output.startswith("/dev/"):  # a terminal of its own
        command = ["setsid", "--ctty", *command]
    started = os.posix_spawnp(command[0], command, os.environ, file_actions=files, setsigdef=DEFAULT)
    os.write(1, f"{started}\n".encode())
    while not (select.select([0], [], [], 0.02)[0] and not os.read(0, 1)):
        while children():
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            if pid == started:
                os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    while pids := children():
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(-1, 0)


if __name__ == "__main__":
    main()
