"""Create the namespaces of one server, pass their listening sockets to the lab process, and keep them alive.

The lab process runs it as ``python -S -E -m controlplane.lab.launcher DESCRIPTOR`` with an empty environment, so that
a server cannot reach anything of the product. Two processes remain, both of them ``sleep``:

- the outer one is in the network namespace of the listening sockets, at the host side of the server's veth pair;
- the inner one is the init process of the server, and root only in a user namespace of its own.

The kernel ends each with its parent, so ``kill -9`` of the lab process ends every server. Standard library only.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from controlplane.lab import filesystem, namespaces

IP_FREEBIND = 15  # ip(7): the address is assigned later, with the veth pair
SLEEP_FOREVER = ["sleep", "2147483647"]
NETWORK_SETTINGS = {
    # Accept packets from the server's own address only, and forward nothing.
    "ipv4/conf/all/rp_filter": "1",
    "ipv4/conf/default/rp_filter": "1",
    "ipv4/ip_forward": "0",
    "ipv4/conf/all/accept_redirects": "0",
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}
SERVER_NAMESPACES = namespaces.MOUNT | namespaces.NETWORK | namespaces.UTS | namespaces.IPC


def main() -> None:
    os.umask(0o022)
    channel = socket.socket(fileno=int(sys.argv[1]))
    namespaces.set_death_signal()
    if not (line := channel.makefile().readline()):
        return  # the lab process has ended
    plan = json.loads(line)
    answer: dict[str, Any]
    try:
        descriptors, inner = _make(plan)
        answer = {"inner": inner}
    except OSError as error:
        descriptors, answer = [], {"error": f"{error.filename}: {error.strerror}"}
    try:
        socket.send_fds(channel, [json.dumps(answer).encode()], descriptors)
    except ConnectionError:
        return  # the lab process has stopped meanwhile
    if "inner" in answer:
        _sleep()


def _make(plan: dict[str, Any]) -> tuple[list[int], int]:
    """Return the descriptors of the listening sockets and the process id of the server's init."""
    namespaces.unshare(namespaces.MOUNT | namespaces.NETWORK | namespaces.PID)
    namespaces.mount("none", "/", flags=namespaces.RECURSIVE | namespaces.SLAVE)
    for name, value in NETWORK_SETTINGS.items():
        _set(Path("/proc/sys/net") / name, value)
    listening = [_listen(*each) for each in plan["listening"]]
    filesystem.mount_server_files(plan["filesystem"])
    return [sock.detach() for sock in listening], _start_inner(plan)


def _set(path: Path, value: str) -> None:
    if path.exists():  # a kernel without IPv6 has no such setting
        path.write_text(value)


def _listen(address: str, port: int, hops: int) -> socket.socket:
    """Return a bound socket. ``hops`` is the TTL of its packets, 0 for the default."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hops:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)  # accepted sockets inherit it
    sock.bind((address, port))
    return sock


def _start_inner(plan: dict[str, Any]) -> int:
    """Fork the server's init and return its process id once it is in its own namespaces."""
    parent, child = socket.socketpair()
    inner = os.fork()
    if inner == 0:
        try:
            parent.close()
            _run_init(child, plan)
        except OSError as error:
            child.sendall(f"\n{error.filename}: {error.strerror}".encode())
        finally:
            os._exit(1)
    child.close()
    if plan["user_namespace"] and parent.recv(1) == b"u":
        namespaces.map_identities(inner, extents=namespaces.identity_map())
        parent.sendall(b"m")
    if failure := parent.makefile().read().strip():  # exec closes the other end
        raise OSError(0, failure, "the server's init")
    return inner


def _run_init(channel: socket.socket, plan: dict[str, Any]) -> None:
    namespaces.set_death_signal()
    namespaces.unshare(namespaces.MOUNT)
    hardened = namespaces.NO_SUID | namespaces.NO_DEVICES | namespaces.NO_EXECUTION
    namespaces.mount("proc", "/proc", "proc", hardened)
    # A less privileged mount namespace cannot unmount what it inherits (mount_namespaces(7)): hidden files stay hidden.
    namespaces.unshare(SERVER_NAMESPACES | (namespaces.USER if plan["user_namespace"] else 0))
    if plan["user_namespace"]:
        channel.sendall(b"u")
        if channel.recv(1) != b"m":
            os._exit(1)
        namespaces.set_death_signal()
    socket.sethostname(plan["hostname"])
    os.setsid()
    _sleep()


def _sleep() -> None:
    """Execute ``sleep`` without open files. The kernel reaps orphaned children because SIGCHLD is ignored."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    os.execvpe(SLEEP_FOREVER[0], SLEEP_FOREVER, {"PATH": os.defpath})  # noqa: S606


if __name__ == "__main__":
    main()
