"""TLS contexts by what their certificates prove: host names and addresses, under the active intermediate CA."""

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
    """Made when they are first asked for, and anew after a rotation. A connection keeps the one it began with."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Names, Names], tuple[object, ssl.SSLContext]] = OrderedDict()
        self._lock = Lock()

    def get(self, *, names: Names = (), addresses: Names = ()) -> ssl.SSLContext:
        """The context of a server whose certificate is for all of these. While the database does not answer it is the
        one that was asked for last, so that whoever calls can be told. Raises NoActiveKey, django.db.Error."""
        close_old_connections()  # this is asked outside of requests, which would do so
        wanted = (names, addresses)
        try:
            version = chain_version()
        except Error:
            with self._lock:
                if wanted in self._kept:
                    return self._kept[wanted][1]
            raise
        with self._lock:
            made_at, context = self._kept.get(wanted, (None, None))
            if context is None or made_at != version:
                context = server_context(endpoint_chain(names, addresses, now=clock.now()))
                self._kept[wanted] = (version, context)
            self._kept.move_to_end(wanted)
            if len(self._kept) > MOST_CONTEXTS:
                self._kept.popitem(last=False)
        return context


def server_context(chain: EndpointChain) -> ssl.SSLContext:
    """The ssl module reads private keys from files alone. This one is in memory, has no name, and ends with its use."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    key = chain.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with os.fdopen(os.memfd_create("tls", os.MFD_CLOEXEC), "w", encoding="ascii") as file:
        file.write(key + chain.certificates)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
    return context
