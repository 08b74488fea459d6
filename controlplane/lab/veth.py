"""The veth pair of a server: its two virtual Ethernet devices with their addresses and routes.

There is no bridge, no forwarding and no other route, so a server's packets reach its own listening sockets or are
dropped. The host side accepts only the server's own address (rp_filter, launcher.py).
"""

import subprocess

from controlplane.lab.host_names import CONTROL_PLANE_ADDRESS
from controlplane.lab.lab_servers import LabServer
from identity.inside.caller_address import SERVICE_ADDRESS

SECONDS = 10
SERVER_DEVICE, HOST_DEVICE = "eth0", "server0"


class VethError(Exception):
    """The message is the error output of ip(8)."""


def host_side(server: LabServer, inner: int) -> str:
    """Return the ip(8) commands for the side of the listening sockets. ``inner`` is the process id of init."""
    return "\n".join(
        [
            f"link add {HOST_DEVICE} type veth peer name {SERVER_DEVICE} netns {inner}",
            f"addr add {CONTROL_PLANE_ADDRESS}/32 dev {HOST_DEVICE}",
            f"addr add {SERVICE_ADDRESS}/32 dev {HOST_DEVICE}",
            f"link set {HOST_DEVICE} up",
            f"route add {server.address}/32 dev {HOST_DEVICE}",
        ]
    )


def server_side(server: LabServer) -> str:
    """Return the ip(8) commands for the server."""
    return "\n".join(
        [
            "link set lo up",
            f"link set {SERVER_DEVICE} address {server.mac}",
            f"addr add {server.address}/32 dev {SERVER_DEVICE}",
            f"link set {SERVER_DEVICE} up",
            f"route add {CONTROL_PLANE_ADDRESS}/32 dev {SERVER_DEVICE} scope link src {server.address}",
            f"route add {SERVICE_ADDRESS}/32 dev {SERVER_DEVICE} scope link src {server.address}",
        ]
    )


def metadata_route(server: LabServer, *, metadata_reachable: bool) -> tuple[str, str]:
    """Return the ip(8) commands, host side and server side, that add or remove the metadata service's address."""
    host = f"addr {'replace' if metadata_reachable else 'del'} {SERVICE_ADDRESS}/32 dev {HOST_DEVICE}"
    route = f"{'replace' if metadata_reachable else 'del'} {SERVICE_ADDRESS}/32 dev {SERVER_DEVICE} scope link"
    return host, f"route {route} src {server.address}" if metadata_reachable else f"route {route}"


def run(process: int, commands: str, *, ignore_errors: bool = False) -> None:
    """Run commands of ip(8) in the network namespace of a process. Raises VethError.

    ``ignore_errors``: the server's root may have changed the devices or routes.
    """
    force = ["-force"] if ignore_errors else []
    completed = subprocess.run(  # noqa: S603
        ["nsenter", f"--net=/proc/{process}/ns/net", "ip", *force, "-batch", "-"],  # noqa: S607
        input=commands + "\n",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if completed.returncode and not ignore_errors:
        raise VethError(completed.stderr.strip())
