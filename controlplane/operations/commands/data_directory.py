"""Select the data directory of a command, and take over the settings of the Baremint that runs there."""

import os
import shlex
import sys
from pathlib import Path

from controlplane.deployment import command_line, run_file
from controlplane.deployment.env import WrongSetting
from controlplane.deployment.home import NAME, Home, find_home, unusable

OPTION = "--home"
CLIENTS = frozenset({"is", "clock", "explain", "jobs", "token", "certificates", "certificate-rotation", "revoke"})
"""With BAREMINT_URL these commands call another Baremint."""
READ = frozenset({"info", "address", "env", "keys", "permissions", "backup", "enter", *CLIENTS})
CHANGE = frozenset({"down", "restore", "rotate", "revoke", "person", "admit", "changepassword", "bootstrap", "migrate"})
WITHOUT_DATABASE = (["permissions"], ["enter"], ["restore"], ["lab", "status"], ["lab", "down"])
ELSEWHERE = ("BAREMINT_URL", "BAREMINT_API_KEY", "IBMCLOUD_API_KEY")
"""Variables that select another Baremint and its credentials."""


def take_home_option(words: list[str]) -> list[str]:
    """Return the words without ``--home DIRECTORY``, which overrides BAREMINT_HOME. Raises WrongSetting."""
    end = words.index("--") if "--" in words else len(words)
    options = list(words[:end])
    for position, word in enumerate(options):
        if word == OPTION:
            directory, options[position : position + 2] = "".join(options[position + 1 : position + 2]), []
        elif word.startswith(f"{OPTION}="):
            directory, options[position : position + 1] = word.partition("=")[2], []
        else:
            continue
        if not directory:
            raise WrongSetting(f"{OPTION} needs a directory, such as {OPTION} ./{NAME}")
        _set_home(Path(directory).expanduser().absolute())
        for name in ELSEWHERE:
            os.environ.pop(name, None)  # the option overrides the variables of the shell
        break
    return options + words[end:]


def _set_home(path: Path) -> None:
    os.environ["BAREMINT_HOME"] = str(path)
    command_line.set_home_option(str(path))


def changes(words: list[str]) -> bool:
    """Return whether a command changes something."""
    name, *arguments = words
    match name:
        case "clock":
            return any(not word.startswith("-") for word in arguments)
        case "certificate-rotation":
            return not {"on", "off"}.isdisjoint(arguments)
        case "is":
            from controlplane.cli.vpc.commands import changes_something  # noqa: PLC0415  most commands need no words

            return changes_something(arguments)
        case "lab":
            return arguments[:1] != ["status"]
    return name in CHANGE


def select_data_directory(words: list[str]) -> str:
    """Find the data directory of a command, print it, and take over the settings of the Baremint that runs there.

    Commands that only read fall back to the directory that was started last. Returns why this process cannot use the
    database, or an empty string. Raises WrongSetting.
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
    description = str(path)
    if not (is_there or is_named or name == "up") and (last := run_file.last_started()):
        if is_change:
            raise WrongSetting(
                f"There is no data directory in {Path.cwd()} or above it. If you mean the last one that was started, "
                f"name it: {OPTION} {shlex.quote(str(last))}"
            )
        path, description = last, f"{last} (the last one that was started)"
        _set_home(path)
    is_here = is_named or path.parent == Path.cwd()
    if not is_here or (is_change and name != "down"):
        sys.stderr.write(f"Data directory: {description}\n")
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
    """Take over the settings of a running Baremint. Returns whether its database is external. Raises OSError."""
    if not path.exists():
        return False
    home = Home(path)
    os.environ.update(run_file.settings_of(home))
    return run_file.database_is_elsewhere(home)
