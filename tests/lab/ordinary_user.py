"""Run a command as an ordinary user: ``python ordinary_user.py COMMAND ...``, as root.

Root's Python, virtual environment and checkout may lie in directories that no other user may enter, such as /root. In a
mount namespace of its own each such directory is shown with nothing in it but what is needed.
"""

import os
import stat
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from controlplane.lab import namespaces

UID = 65534
NEEDED = (Path(sys.base_prefix), Path(sys.prefix).resolve(), Path(__file__).resolve().parents[2])


def closed_directory(path: Path) -> Path | None:
    """The first directory on the way to a path that others may not enter."""
    way = [*reversed(path.parents), path]
    return next((each for each in way if not each.stat().st_mode & stat.S_IXOTH), None)


def open_ways() -> None:
    directories: dict[Path, list[Path]] = {}
    for path in NEEDED:
        if (directory := closed_directory(path)) is not None:
            directories.setdefault(directory, []).append(path)
    for directory, paths in directories.items():
        handles = [(path, os.open(path, os.O_PATH)) for path in paths]
        namespaces.mount("none", str(directory), "tmpfs", options="mode=755")
        for path, handle in handles:
            path.mkdir(parents=True, exist_ok=True)
            namespaces.mount(f"/proc/self/fd/{handle}", str(path), flags=namespaces.BIND | namespaces.RECURSIVE)


def main() -> None:
    if os.environ.get("OWN_MOUNTS") != "yes":
        os.environ["OWN_MOUNTS"] = "yes"
        again = [sys.executable, __file__, *sys.argv[1:]]
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "--", *again])
    del os.environ["OWN_MOUNTS"]
    open_ways()
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)
    os.environ |= {"HOME": "/tmp", "USER": "nobody", "LOGNAME": "nobody"}
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
