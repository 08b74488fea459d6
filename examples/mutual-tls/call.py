"""Calls another server, after it has proven that it is the intended one.

call.py FOLDER SERVER [PORT]      FOLDER: our own, as certify.sh leaves it; SERVER: the id of the server to reach
"""

import socket
import ssl
import sys
import time
from pathlib import Path

import trust

PATIENCE = 10
"""Seconds."""


def main(folder: Path, server: str, port: int) -> str:
    """What the other server answers. An SSLError or ConnectionError when either side does not trust the other."""
    with (
        connected(port) as plain,
        trust.context(folder, serves=False).wrap_socket(plain) as peer,
    ):
        # A certificate of our authority is not enough, because every server has one. It must name the right server.
        if (name := trust.name(peer)) != server:
            raise ConnectionError(f"this is {name}, and not {server}")
        peer.sendall(b"GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n")
        answered = b""
        # With TLS 1.3 a refusal of *our* certificate arrives here, where the answer should be.
        while part := peer.recv(65536):
            answered += part
        return answered.decode().partition("\r\n\r\n")[2]


def connected(port: int) -> socket.socket:
    """The other server may still be starting."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    try:
        port = int(sys.argv[3]) if len(sys.argv) > 3 else 8443
        print(main(Path(sys.argv[1]), sys.argv[2], port), end="")
    except (ssl.SSLError, ConnectionError) as error:
        sys.exit(f"refused: {getattr(error, 'verify_message', '') or getattr(error, 'reason', '') or error}")
