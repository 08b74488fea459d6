"""The metadata service over TLS in loopback mode: each server's own address, with a certificate for it."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any

from controlplane.operations.tls.contexts import Contexts
from controlplane.operations.tls.doors import Door
from identity.inside.origin import DIALLED, SERVICE_NAME


def loopback_door(listening: socket.socket) -> Door:
    """Whoever dials a server's loopback address is that server, and finds it certified, beside the service's name."""
    contexts = Contexts()

    def context(accepted: socket.socket) -> ssl.SSLContext:
        return contexts.get(names=(SERVICE_NAME,), addresses=(_dialled(accepted),))

    return Door(listening, environ=_environ, context=context)


def _environ(accepted: socket.socket) -> Mapping[str, Any]:
    return {DIALLED: _dialled(accepted)}


def _dialled(accepted: socket.socket) -> str:
    address: str = accepted.getsockname()[0]
    return address
