"""Serves HTTPS to callers with a certificate of our authority, and tells each caller its name.

serve.py FOLDER [PORT]      FOLDER: as certify.sh leaves it
"""

import contextlib
import socket
import ssl
import sys
from pathlib import Path

import trust

PATIENCE = 5
"""Seconds. A caller that sends nothing must not delay the next one for long."""


def main(folder: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listening:
        say(f"{(folder / 'server').read_text().strip()} serves https://127.0.0.1:{port}")
        while True:
            caller, _ = listening.accept()
            with caller:
                meet(caller, folder)


def meet(caller: socket.socket, folder: Path) -> None:
    caller.settimeout(PATIENCE)
    try:
        # The handshake is on a copy of the socket, so that the socket is still there when it fails.
        with trust.context(folder, serves=True).wrap_socket(caller.dup(), server_side=True) as peer:
            answer(peer)
    except ssl.SSLError as error:
        # No request of this caller was read. The alert says why; it arrives only if the rest of the input is read.
        say(f"refused: {getattr(error, 'verify_message', '') or error.reason}")
        with contextlib.suppress(OSError):
            caller.shutdown(socket.SHUT_WR)
            caller.recv(65536)
    except OSError as error:
        say(f"not served: {error}")


def answer(peer: ssl.SSLSocket) -> None:
    """The answer to any request. By now the caller has been authenticated."""
    who = trust.name(peer)
    if not peer.recv(65536):
        return say(f"left without a word: {who}")
    say(f"served: {who}")
    body = f"Hello, {who}.\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    peer.sendall((head + body).encode())


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8443)
