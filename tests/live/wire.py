"""HTTP byte by byte, plain and behind TLS."""

import socket
import ssl
import urllib.parse


class Answer:
    """Status, header lines and body."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.lines = head.decode("latin-1").split("\r\n")
        self.status = int(self.lines[0].split()[1])


class Wire:
    """Connections to a service."""

    def __init__(self, base: str, ca_bundle: str) -> None:
        url = urllib.parse.urlsplit(base)
        self.address = (str(url.hostname), int(url.port or 80))
        self.host = url.netloc
        self.trust = ssl.create_default_context(cafile=ca_bundle) if url.scheme == "https" else None

    def connect(self) -> socket.socket:
        connection = socket.create_connection(self.address, timeout=10)
        return self.trust.wrap_socket(connection, server_hostname=self.address[0]) if self.trust else connection

    def send(self, text: str | bytes) -> Answer:
        raw = text if isinstance(text, bytes) else text.format(host=self.host).encode("latin-1")
        with self.connect() as connection:
            connection.sendall(raw)
            received = b""
            while b"\r\n\r\n" not in received or len(received.partition(b"\r\n\r\n")[2]) < _length(received):
                chunk = connection.recv(65536)
                if not chunk:
                    break
                received += chunk
        return Answer(received)


def _length(received: bytes) -> int:
    for line in received.partition(b"\r\n\r\n")[0].lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0
