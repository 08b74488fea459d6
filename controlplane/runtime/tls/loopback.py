"""The metadata service over TLS in loopback mode: each server's own address, with a certificate for it."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any

from controlplane.runtime.http.listener import Listener
from controlplane.runtime.tls.contexts import Contexts
from identity.inside.caller_address import DIALLED, SERVICE_NAME


def loopback_listener(listening: socket.socket) -> Listener:
    """Return the listener. A caller is the server whose loopback address it connects to; the certificate has both
    that address and the service's name."""
    contexts = Contexts()

    def context(accepted: socket.socket) -> ssl.SSLContext:
        return contexts.get(names=(SERVICE_NAME,), addresses=(server_address(accepted),))

    return Listener(listening, environ=_environ, share=server_address, context=context)


def _environ(accepted: socket.socket) -> Mapping[str, Any]:
    return {DIALLED: server_address(accepted)}


def server_address(accepted: socket.socket) -> str:
    """Return the loopback address that a client connected to, which identifies the calling server."""
    address: str = accepted.getsockname()[0]
    return address
