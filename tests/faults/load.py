"""Programs on a server that never stop asking: an identity token, an IAM token for it, a certificate, and again."""

import hashlib
import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.build import make_csr
from tests.faults.call_record import CallRecord, Entry

VERSION = "version=2025-08-26"
PATIENCE = 15
"""Seconds; a connection that waits at a worker which was killed is taken up when that one is back."""
PAUSE = 0.2
"""Seconds before a client that got no answer asks again."""


@dataclass
class Load:
    """Clients of one server's metadata service. Every answer goes into the record of calls."""

    url: str
    call_record: CallRecord
    clients: int = 8

    @contextmanager
    def running(self) -> Iterator[None]:
        """The clients ask while the block runs; when it is left, all of them have had their last answer."""
        over = Event()
        threads = [Thread(target=self._client, args=(over,), daemon=True) for _ in range(self.clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(2 * PATIENCE)
            assert not any(thread.is_alive() for thread in threads)

    def _client(self, over: Event) -> None:
        csr = make_csr(ec.generate_private_key(ec.SECP256R1()))
        while not over.is_set():
            token = self.identity_token()
            if token is None:
                over.wait(PAUSE)
                continue
            self.iam_token(token)
            self.certificate(token, csr)

    def identity_token(self, seconds: int = 3600) -> str | None:
        body = {"expires_in": seconds}
        return self._ask("identity_token", "PUT", "/identity/v1/token", body, _token, **{"Metadata-Flavor": "ibm"})

    def iam_token(self, token: str) -> str | None:
        return self._ask("iam_token", "POST", "/identity/v1/iam_tokens", {}, _token, Authorization=f"Bearer {token}")

    def certificate(self, token: str, csr: str) -> str | None:
        bearer = {"Authorization": f"Bearer {token}"}
        return self._ask("certificate", "POST", "/identity/v1/certificates", {"csr": csr}, _chain, **bearer)

    def _ask(
        self, kind: str, method: str, path: str, body: Any, read: Callable[[Any], tuple[str, str]], **headers: str
    ) -> str | None:
        try:
            status, answer = request(self.url, method, f"{path}?{VERSION}", body, **headers)
        except (OSError, http.client.HTTPException) as error:
            self.call_record.write(Entry(kind, time.monotonic(), failure=type(error).__name__))
            return None
        document, digest = read(json.loads(answer)) if status == http.client.OK else ("", "")
        self.call_record.write(Entry(kind, time.monotonic(), status, digest, document))
        return document or None


def request(url: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    """Over a connection of its own, so that the kernel may give it to any worker. Raises OSError, HTTPException."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
    try:
        data = json.dumps(body) if body is not None else None
        connection.request(method, path, data, {"Connection": "close", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _token(answer: Any) -> tuple[str, str]:
    token = str(answer["access_token"])
    return token, hashlib.sha256(token.encode()).hexdigest()


def _chain(answer: Any) -> tuple[str, str]:
    chain = "".join(answer["certificates"])
    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    return chain, leaf.fingerprint(hashes.SHA256()).hex()
