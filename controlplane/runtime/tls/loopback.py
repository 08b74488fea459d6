"""The metadata service over TLS in loopback mode: each server's own address, with a certificate for it."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any

from controlplane.runtime.http.listener import Door
from controlplane.runtime.tls.contexts import Contexts
from identity.inside.caller_address import DIALLED, SERVICE_NAME


def loopback_door(listening: socket.socket) -> Door:
    """Whoever dials a server's loopback address is that server, and finds it certified, beside the service's name."""
    contexts = Contexts()

    def context(accepted: socket.socket) -> ssl.SSLContext:
        return contexts.get(names=(SERVICE_NAME,), addresses=(dialled(accepted),))

    return Door(listening, environ=_environ, share=dialled, context=context)


def _environ(accepted: socket.socket) -> Mapping[str, Any]:
    return {DIALLED: dialled(accepted)}


def dialled(accepted: socket.socket) -> str:
    """The address of a server that a connection was made to: by that, whoever calls is known."""
    address: str = accepted.getsockname()[0]
    return address
