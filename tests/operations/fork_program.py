"""Scenes with forks, each for a process of its own, for it must have one thread.

    python -m tests.operations.fork_program SCENE

It prints what the scene comes to, as JSON. See test_forks.py.
"""

import fcntl
import gc
import json
import os
import random
import secrets
import select
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import django
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from controlplane.kernel import ids  # noqa: E402
from controlplane.operations.up import preloading, serving  # noqa: E402
from controlplane.operations.up.serving import take_settings  # noqa: E402
from controlplane.runtime.http.listener import Listener  # noqa: E402
from controlplane.runtime.supervisor.child import Child, Fork  # noqa: E402
from controlplane.runtime.supervisor.child_start import CannotFork, Work, fork  # noqa: E402
from controlplane.runtime.supervisor.start_report import Report  # noqa: E402
from controlplane.runtime.supervisor.supervisor import StartFailed, Supervisor  # noqa: E402
from tests.process_tree import name  # noqa: E402

LOCKS: tuple[Any, ...] = (type(threading.Lock()), type(threading.RLock()))
PRIVATE_KEYS = (
    dsa.DSAPrivateKey,
    ec.EllipticCurvePrivateKey,
    ed448.Ed448PrivateKey,
    ed25519.Ed25519PrivateKey,
    rsa.RSAPrivateKey,
    x448.X448PrivateKey,
    x25519.X25519PrivateKey,
)
SETTINGS = ("controlplane.settings", "controlplane.settings_inside", "controlplane.settings_lab")


def cut_off(report: Report) -> None:
    """Ends in the middle of its report."""
    os.write(report._descriptor, b'{"ready": {"account')
    raise SystemExit(3)


def telling(tell: Callable[[], Any]) -> Work:
    """The work of a fork that tells something and waits for its end."""

    def work(report: Report) -> None:
        report.ready(tell())
        signal.pause()

    return work


HURRIED = 300


def hurried() -> int:
    """How many of many HTTP workers do not end by a SIGTERM that comes as they become ready."""
    late = 0
    import_module(serving.METADATA)
    for _ in range(HURRIED):
        reading, writing = os.pipe()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            if (pid := os.fork()) == 0:
                serving.of(serving.METADATA, threads=2).run(Listener(listening), ready=partial(os.write, writing, b"."))
                os._exit(0)
        os.read(reading, 1)
        time.sleep(random.uniform(0, 150e-6))
        os.kill(pid, signal.SIGTERM)
        pidfd = os.pidfd_open(pid)
        if not select.select([pidfd], [], [], 5)[0]:
            late += 1
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for descriptor in (reading, writing, pidfd):
            os.close(descriptor)
    return late


def failing(report: Report) -> None:
    report.failed("The KEK does not fit. Set BAREMINT_KEK.")
    raise SystemExit(1)


def breaking(report: Report) -> None:
    raise ZeroDivisionError("by naught")


def start(running: Supervisor, *works: Work, keep: tuple[int, ...] = ()) -> list[Child]:
    forks = [Fork("sleeping", work, keep) for work in works]
    return running.start(forks, seconds=10, progress=lambda _: None)


def pid_of(child: Child) -> int:
    assert child.process
    return child.process.pid


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


# --- Scenes


def randomness() -> Any:
    def draw() -> list[Any]:
        return [ids.hex_id(), str(uuid.uuid4()), secrets.token_hex(), random.random(), os.urandom(8).hex()]

    with Supervisor(print) as running:
        return [child.facts for child in start(running, *[telling(draw)] * 8)]


def descriptors() -> Any:
    with (
        tempfile.TemporaryFile() as file,
        socket.socket() as own_socket,
        socket.socket() as other,
        Supervisor(print) as running,
    ):
        mine = {"file": file.fileno(), "kept socket": own_socket.fileno(), "other socket": other.fileno()}
        tell = telling(lambda: {what: is_open(descriptor) for what, descriptor in mine.items()})
        return start(running, tell, keep=(own_socket.fileno(),))[0].facts


def lock() -> Any:
    """Whether it is free while this process holds it, and after it has let go of it, with a fork that lives on."""
    with tempfile.NamedTemporaryFile() as file, Supervisor(print) as running:

        def is_free() -> bool:
            with open(file.name) as another:
                try:
                    fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

        with open(file.name) as open_file:
            fcntl.flock(open_file, fcntl.LOCK_EX)
            start(running, telling(lambda: None))
            before = is_free()
        return [before, is_free()]


def second_thread() -> Any:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        fork(failing, name="fork", output=1, report=2)
    except CannotFork as refusal:
        return str(refusal)
    finally:
        over.set()
        thread.join()


def names() -> Any:
    with Supervisor(print) as running:
        return name(pid_of(start(running, telling(lambda: None))[0]))


def sigterm() -> Any:
    """How a fork ends that has no handler, though its parent has one."""
    with Supervisor(print) as running:
        [child] = start(running, telling(lambda: None))
        os.kill(pid_of(child), signal.SIGTERM)
        select.select([child.ended], [], [], 5)
        return child.exit_status


def failure() -> Any:
    return _failure_of(failing)


def half_a_report() -> Any:
    return _failure_of(cut_off)


def breakage() -> Any:
    return _failure_of(breaking)


def _failure_of(work: Work) -> Any:
    lines: list[str] = []
    try:
        with Supervisor(lines.append) as running:
            running.stream()
            start(running, work)
    except StartFailed as error:
        return {"reason": str(error), "log": lines}


def orphan() -> Any:
    """Prints the process id of a fork, and stays."""
    with Supervisor(print) as running:
        sys.stdout.write(f"{pid_of(start(running, telling(lambda: None))[0])}\n")
        sys.stdout.flush()
        running.watch()


def preloaded() -> Any:
    preloading.load_everything()
    with Supervisor(print) as running:
        inspected, *readings = start(running, telling(inspect), *[telling(settings_of(module)) for module in SETTINGS])
        return {
            **inspected.facts,
            "settings": {module: child.facts for module, child in zip(SETTINGS, readings, strict=True)},
        }


def inspect() -> dict[str, list[str]]:
    gc.unfreeze()
    objects = gc.get_objects()
    reachable = [*objects, *gc.get_referents(*objects)]  # a lock is no container, and is found by who has it
    own = getattr(threading.main_thread(), "_tstate_lock", None)  # held for as long as a thread lives
    locks = [each for each in reachable if isinstance(each, LOCKS) and each is not own and "unlocked" not in repr(each)]
    return {
        "other threads": [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()],
        "locks that are held": [repr(each) for each in locks],
        "connections of databases": [alias for alias in connections if connections[alias].connection is not None],
        "TLS contexts": [repr(each) for each in reachable if isinstance(each, ssl.SSLContext)],
        "private keys": [repr(each) for each in reachable if isinstance(each, PRIVATE_KEYS)],
    }


def settings_of(module: str) -> Callable[[], Any]:
    def take() -> Any:
        take_settings(module)
        return [settings.ROOT_URLCONF, settings.METADATA_ATTACHMENT, settings.DATA_UPLOAD_MAX_MEMORY_SIZE]

    return take


SCENES: dict[str, Callable[[], Any]] = {
    scene.__name__: scene
    for scene in (
        randomness,
        descriptors,
        lock,
        second_thread,
        names,
        sigterm,
        failure,
        half_a_report,
        hurried,
        breakage,
        orphan,
        preloaded,
    )
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENES[sys.argv[1]]()))
