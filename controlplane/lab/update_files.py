"""Give a running server its files, trust store and host name: ``... update_files PROCESS``, JSON on standard input.

It goes into the server's own namespaces first, its user namespace too, so whatever the server's root has made of the
file system, this can do no more than that root could. Standard library only.
"""

import json
import os
import socket
import sys

from controlplane.lab import filesystem, namespaces

INTO = namespaces.MOUNT | namespaces.UTS


def main() -> None:
    dress = json.load(sys.stdin)
    inner = os.pidfd_open(int(sys.argv[1]))
    namespaces.join(inner, INTO | (namespaces.USER if dress["user_namespace"] else 0))
    socket.sethostname(dress["hostname"])
    filesystem.write(dress["files"])
    filesystem.write_trust(dress["trust"])


if __name__ == "__main__":
    main()
