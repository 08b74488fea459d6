"""TLS contexts by the host names and addresses of their certificates, issued by the active intermediate CA."""

import os
import ssl
from collections import OrderedDict
from threading import Lock

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import Error, close_old_connections

from controlplane.kernel import clock
from identity.services.endpoint_certificates import EndpointChain, chain_version, endpoint_chain

MOST_CONTEXTS = 1024

Names = tuple[str, ...]


class Contexts:
    """A cache of TLS contexts, which are created on first use and again after a rotation of the CA."""

    def __init__(self) -> None:
        self._contexts: OrderedDict[tuple[Names, Names], tuple[object, ssl.SSLContext]] = OrderedDict()
        self._lock = Lock()

    def get(self, *, names: Names = (), addresses: Names = ()) -> ssl.SSLContext:
        """Return the TLS context of a server whose certificate has all of these names and addresses.

        While the database is unavailable, the cached context is returned, so that clients still get an error response.
        Raises NoActiveKey, django.db.Error.
        """
        close_old_connections()  # Django calls it for requests only
        subject = (names, addresses)
        try:
            version = chain_version()
        except Error:
            with self._lock:
                if subject in self._contexts:
                    return self._contexts[subject][1]
            raise
        with self._lock:
            context_version, context = self._contexts.get(subject, (None, None))
            if context is None or context_version != version:
                context = server_context(endpoint_chain(names, addresses, now=clock.now()))
                self._contexts[subject] = (version, context)
            self._contexts.move_to_end(subject)
            if len(self._contexts) > MOST_CONTEXTS:
                self._contexts.popitem(last=False)
        return context


def server_context(chain: EndpointChain) -> ssl.SSLContext:
    """Return a context with this chain. The ssl module reads keys from files only, so the key is in a memory file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    key = chain.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with os.fdopen(os.memfd_create("tls", os.MFD_CLOEXEC), "w", encoding="ascii") as file:
        file.write(key + chain.certificates)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
    return context
