"""Processes as Linux shows them in /proc: their names, what they were called with, and who started whom."""

from pathlib import Path


def command_line(pid: int) -> str:
    """With blanks between its words; empty when the process has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def name(pid: int) -> str:
    """Its own name for itself, 15 bytes at the most; empty when the process has ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def runs(pid: int) -> bool:
    """Whether it has not ended. One that has stays listed until its parent has taken note of it."""
    return _state_and_parent(pid)[0] != "Z"


def parent(pid: int) -> int:
    """0 when the process has ended."""
    return _state_and_parent(pid)[1]


def descendants(pid: int) -> list[int]:
    """Process ids of all that live below a process, however far down: a parent stands before its children."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            state, its_parent = _state_and_parent(int(folder.name))
            if state != "Z":
                children.setdefault(its_parent, []).append(int(folder.name))
    pids = [pid]
    for each in pids:
        pids += children.get(each, [])
    return pids[1:]


def _state_and_parent(pid: int) -> tuple[str, int]:
    try:
        # pid (name) state ppid ...: the name may hold blanks and brackets.
        state, its_parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return "Z", 0
    return state, int(its_parent)
