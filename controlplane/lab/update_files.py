"""Update the files, trust store and host name of a running server: ``... update_files PROCESS``, JSON on stdin.

The program first enters the server's namespaces, including its user namespace, so it has no more privileges than the
server's root, who may have changed the file system. Standard library only.
"""

import json
import os
import socket
import sys

from controlplane.lab import filesystem, namespaces

INTO = namespaces.MOUNT | namespaces.UTS


def main() -> None:
    changes = json.load(sys.stdin)
    inner = os.pidfd_open(int(sys.argv[1]))
    namespaces.join(inner, INTO | (namespaces.USER if changes["user_namespace"] else 0))
    socket.sethostname(changes["hostname"])
    filesystem.write(changes["files"])
    filesystem.write_trust(changes["trust"])


if __name__ == "__main__":
    main()
