"""The cable of a server: a pair of virtual Ethernet devices, one address and one route at each end.

There is no bridge, no forwarding and no other route: what a server sends arrives at its own listening sockets or
nowhere. The far end takes nothing but the server's own address (rp_filter, launcher.py).
"""

import subprocess

from controlplane.lab.host_names import CONTROL_PLANE_ADDRESS
from controlplane.lab.lab_servers import Member
from identity.inside.caller_address import SERVICE_ADDRESS

SECONDS = 10
NEAR, FAR = "eth0", "server0"


class CannotWire(Exception):
    """What ip(8) said."""


def far_end(member: Member, inner: int) -> str:
    """Commands for ip(8) where the listening sockets are. ``inner`` is the process id of the server's init."""
    return "\n".join(
        [
            f"link add {FAR} type veth peer name {NEAR} netns {inner}",
            f"addr add {CONTROL_PLANE_ADDRESS}/32 dev {FAR}",
            f"addr add {SERVICE_ADDRESS}/32 dev {FAR}",
            f"link set {FAR} up",
            f"route add {member.address}/32 dev {FAR}",
        ]
    )


def near_end(member: Member) -> str:
    """Commands for ip(8) in the server."""
    return "\n".join(
        [
            "link set lo up",
            f"link set {NEAR} address {member.mac}",
            f"addr add {member.address}/32 dev {NEAR}",
            f"link set {NEAR} up",
            f"route add {CONTROL_PLANE_ADDRESS}/32 dev {NEAR} scope link src {member.address}",
            f"route add {SERVICE_ADDRESS}/32 dev {NEAR} scope link src {member.address}",
        ]
    )


def switch(member: Member, *, answers: bool) -> tuple[str, str]:
    """Commands for the far end and the near one that give or take the metadata service's address."""
    far = f"addr {'replace' if answers else 'del'} {SERVICE_ADDRESS}/32 dev {FAR}"
    near = f"{'replace' if answers else 'del'} {SERVICE_ADDRESS}/32 dev {NEAR} scope link"
    return far, f"route {near} src {member.address}" if answers else f"route {near}"


def run(process: int, commands: str, *, whatever_comes: bool = False) -> None:
    """Run commands of ip(8) in the network namespace of a process. Raises CannotWire.

    ``whatever_comes``: the root of a server may have changed what they are about.
    """
    force = ["-force"] if whatever_comes else []
    done = subprocess.run(  # noqa: S603
        ["nsenter", f"--net=/proc/{process}/ns/net", "ip", *force, "-batch", "-"],  # noqa: S607
        input=commands + "\n",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode and not whatever_comes:
        raise CannotWire(done.stderr.strip())
