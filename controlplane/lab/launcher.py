"""One server's namespaces: this program makes them, hands their sockets over, and then only keeps them alive.

It is run as ``python -S -E -m controlplane.lab.launcher DESCRIPTOR`` with an empty environment, so that
nothing of the product is in reach of a server. Two processes remain, both of them ``sleep``:

- the outer one is in the network namespace where the listening sockets are, the far end of the server's cable;
- the inner one is the init process of the server: root in a user namespace of its own, and nowhere else.

Each ends with its parent, by the kernel's hand, so ``kill -9`` of the keeper ends every server. Standard library only.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from controlplane.lab import filesystem, namespaces

IP_FREEBIND = 15  # ip(7): the address comes with the cable, later
FOREVER = ["sleep", "2147483647"]
NETWORK_SETTINGS = {
    # Answer what comes from the server's own address, and pass nothing on.
    "ipv4/conf/all/rp_filter": "1",
    "ipv4/conf/default/rp_filter": "1",
    "ipv4/ip_forward": "0",
    "ipv4/conf/all/accept_redirects": "0",
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
}
SERVERS_OWN = namespaces.MOUNT | namespaces.NETWORK | namespaces.UTS | namespaces.IPC


def main() -> None:
    os.umask(0o022)
    channel = socket.socket(fileno=int(sys.argv[1]))
    namespaces.set_death_signal()
    if not (line := channel.makefile().readline()):
        return  # the keeper has gone
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
        return  # the keeper was told to stop meanwhile
    if "inner" in answer:
        _sleep()


def _make(plan: dict[str, Any]) -> tuple[list[int], int]:
    """The listening sockets, and the process id of the server's init."""
    namespaces.unshare(namespaces.MOUNT | namespaces.NETWORK | namespaces.PID)
    namespaces.mount("none", "/", flags=namespaces.RECURSIVE | namespaces.SLAVE)
    for name, value in NETWORK_SETTINGS.items():
        _set(Path("/proc/sys/net") / name, value)
    listening = [_listen(*each) for each in plan["listening"]]
    filesystem.furnish(plan["filesystem"])
    return [sock.detach() for sock in listening], _start_inner(plan)


def _set(path: Path, value: str) -> None:
    if path.exists():  # no IPv6 in this kernel: all the better
        path.write_text(value)


def _listen(address: str, port: int, hops: int) -> socket.socket:
    """``hops``: how far answers get, 0 for as far as usual."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hops:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)  # accepted sockets inherit it
    sock.bind((address, port))
    return sock


def _start_inner(plan: dict[str, Any]) -> int:
    """Fork the server's init. It lives in namespaces of its own when this returns."""
    told, tell = socket.socketpair()
    inner = os.fork()
    if inner == 0:
        try:
            told.close()
            _be_inner(tell, plan)
        except OSError as error:
            tell.sendall(f"\n{error.filename}: {error.strerror}".encode())
        finally:
            os._exit(1)
    tell.close()
    if plan["user_namespace"] and told.recv(1) == b"u":
        namespaces.map_identities(inner, extents=namespaces.same_identities())
        told.sendall(b"m")
    if failure := told.makefile().read().strip():  # its exec ends what it says
        raise OSError(0, failure, "the server's init")
    return inner


def _be_inner(tell: socket.socket, plan: dict[str, Any]) -> None:
    namespaces.set_death_signal()
    namespaces.unshare(namespaces.MOUNT)
    hardened = namespaces.NO_SUID | namespaces.NO_DEVICES | namespaces.NO_EXECUTION
    namespaces.mount("proc", "/proc", "proc", hardened)
    # Mounts that come from a namespace of more power cannot be taken off in this one: what is hidden stays hidden.
    namespaces.unshare(SERVERS_OWN | (namespaces.USER if plan["user_namespace"] else 0))
    if plan["user_namespace"]:
        tell.sendall(b"u")
        if tell.recv(1) != b"m":
            os._exit(1)
        namespaces.set_death_signal()
    socket.sethostname(plan["hostname"])
    os.setsid()
    _sleep()


def _sleep() -> None:
    """Become a program that holds nothing; children that nobody waits for are reaped by the kernel."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    os.execvpe(FOREVER[0], FOREVER, {"PATH": os.defpath})  # noqa: S606


if __name__ == "__main__":
    main()
