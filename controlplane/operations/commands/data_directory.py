"""Which data directory a command is about, and what is known of the Baremint that runs there."""

import os
import shlex
import sys
from pathlib import Path

from controlplane.deployment import command_line, run_file
from controlplane.deployment.env import WrongSetting
from controlplane.deployment.home import NAME, Home, find_home, unusable

OPTION = "--home"
CLIENTS = frozenset({"is", "clock", "explain", "jobs", "token", "certificates", "certificate-rotation", "revoke"})
"""With BAREMINT_URL they are about a Baremint elsewhere."""
READ = frozenset({"info", "address", "env", "keys", "permissions", "backup", "enter", *CLIENTS})
CHANGE = frozenset({"down", "restore", "rotate", "revoke", "person", "changepassword", "bootstrap", "migrate"})
WITHOUT_DATABASE = (["permissions"], ["enter"], ["restore"], ["lab", "status"], ["lab", "down"])
ELSEWHERE = ("BAREMINT_URL", "BAREMINT_API_KEY", "IBMCLOUD_API_KEY")
"""They name a Baremint, and who asks it."""


def take_home(words: list[str]) -> list[str]:
    """The words without ``--home DIRECTORY``, which goes before BAREMINT_HOME. Raises WrongSetting."""
    own = words.index("--") if "--" in words else len(words)
    rest = list(words[:own])
    for position, word in enumerate(rest):
        if word == OPTION:
            taken, rest[position : position + 2] = "".join(rest[position + 1 : position + 2]), []
        elif word.startswith(f"{OPTION}="):
            taken, rest[position : position + 1] = word.partition("=")[2], []
        else:
            continue
        if not taken:
            raise WrongSetting(f"{OPTION} needs a directory, such as {OPTION} ./{NAME}")
        _mean(Path(taken).expanduser().absolute())
        for name in ELSEWHERE:
            os.environ.pop(name, None)  # this one is meant, whatever else the shell names
        break
    return rest + words[own:]


def _mean(path: Path) -> None:
    os.environ["BAREMINT_HOME"] = str(path)
    command_line.set_home_option(str(path))


def changes(words: list[str]) -> bool:
    """Whether a command changes something."""
    name, *rest = words
    match name:
        case "clock":
            return any(not word.startswith("-") for word in rest)
        case "certificate-rotation":
            return not {"on", "off"}.isdisjoint(rest)
        case "is":
            from controlplane.cli.vpc.commands import changes_something  # noqa: PLC0415  most commands need no words

            return changes_something(rest)
        case "lab":
            return rest[:1] != ["status"]
    return name in CHANGE


def settle(words: list[str]) -> str:
    """Find the data directory that a command is about, say which it is, and take over the settings of what runs there.

    Words that only read fall back to the one that was started last. Returns why the database cannot be used by this
    process, if it cannot. Raises WrongSetting.
    """
    name = words[0]
    if name not in READ | CHANGE | {"lab", "up"} or not {"-h", "--help"}.isdisjoint(words):
        return ""
    is_named, is_change = bool(os.environ.get("BAREMINT_HOME")), changes(words)
    if name in CLIENTS and (url := os.environ.get("BAREMINT_URL")):
        if is_change:
            sys.stderr.write(f"Baremint at {url}\n")
        return ""
    path, is_there = find_home()
    if is_named and (path / NAME).is_dir() and not Home(path).is_data_directory():
        raise WrongSetting(f"{path} is no data directory. Its {NAME} is one: {OPTION} {shlex.quote(str(path / NAME))}")
    told = str(path)
    if not (is_there or is_named or name == "up") and (last := run_file.last_started()):
        if is_change:
            raise WrongSetting(
                f"There is no data directory in {Path.cwd()} or above it. If you mean the last one that was started, "
                f"name it: {OPTION} {shlex.quote(str(last))}"
            )
        path, told = last, f"{last} (the last one that was started)"
        _mean(path)
    is_here = is_named or path.parent == Path.cwd()
    if not is_here or (is_change and name != "down"):
        sys.stderr.write(f"Data directory: {told}\n")
    if name == "up":
        return ""
    try:
        needs_url = _take_over(path) and not os.environ.get("DATABASE_URL")
    except OSError as error:
        raise unusable(error) from None
    if not needs_url or words[:1] in WITHOUT_DATABASE or words[:2] in WITHOUT_DATABASE:
        return ""
    return f"The Baremint in {path} keeps its data in another database. Set DATABASE_URL as it has it."


def _take_over(path: Path) -> bool:
    """Whether what runs there has its database elsewhere. Raises OSError."""
    if not path.exists():
        return False
    home = Home(path)
    os.environ.update(run_file.settings_of(home))
    return run_file.database_is_elsewhere(home)
