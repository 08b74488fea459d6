"""The metadata service over TLS in loopback mode: each server's own address, with a certificate for it."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any

from controlplane.runtime.http.listener import Listener
from controlplane.runtime.tls.contexts import Contexts
from identity.inside.caller_address import DIALLED, SERVICE_NAME


def loopback_listener(listening: socket.socket) -> Listener:
    """Whoever dials a server's loopback address is that server, and finds it certified, beside the service's name."""
    contexts = Contexts()

    def context(accepted: socket.socket) -> ssl.SSLContext:
        return contexts.get(names=(SERVICE_NAME,), addresses=(server_address(accepted),))

    return Listener(listening, environ=_environ, share=server_address, context=context)


def _environ(accepted: socket.socket) -> Mapping[str, Any]:
    return {DIALLED: server_address(accepted)}


def server_address(accepted: socket.socket) -> str:
    """The address of a server that a connection was made to: by that, whoever calls is known."""
    address: str = accepted.getsockname()[0]
    return address
