"""An attacker on the path: passes on every byte between caller and service, and shows what can be read of them.

on_the_path.py PORT HOST:PORT      listens on 127.0.0.1, passes on to HOST:PORT

It stands for anything between a program and a service: a switch, a proxy, a sidecar, a tunnel. It needs no right and
breaks nothing. With plain http it can read everything; with https, only that there was a connection.
"""

import contextlib
import re
import socket
import sys
import threading

SHORTEST = 8
"""Letters in a row that are taken for text; less is chance."""


def main(port: int, host: str, there: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listening:
        print(f"on the path to {host}:{there}", flush=True)
        while True:
            caller, _ = listening.accept()
            service = socket.create_connection((host, there))
            for source, target, name in ((caller, service, "caller"), (service, caller, "service")):
                threading.Thread(target=pass_on, args=(source, target, name), daemon=True).start()


def pass_on(source: socket.socket, target: socket.socket, name: str) -> None:
    with contextlib.suppress(OSError):  # one side hung up on the other
        while part := source.recv(65536):
            print(f"--- the {name} says, in {len(part)} bytes:\n{readable(part)}", flush=True)
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)


def readable(part: bytes) -> str:
    """What is text in it; three dots for anything else."""
    readable_text = "".join(chr(byte) if 32 <= byte < 127 or byte in b"\r\n" else "\0" for byte in part)
    words = [word if len(word) >= SHORTEST else "..." for word in readable_text.split("\0")]
    return re.sub(r"(\.\.\.)+", "...", "".join(words))


if __name__ == "__main__":
    far, _, far_port = sys.argv[2].rpartition(":")
    main(int(sys.argv[1]), far, int(far_port))
