"""A text pasted into a shell in which nothing but curl can be called, and curl only says how it was called."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SHELLS = {
    "bash": ["bash"],
    "sh": ["sh"],
    "interactive": ["bash", "--norc", "-i"],
    "interactive without comments": ["bash", "--norc", "+O", "interactive_comments", "-i"],  # as zsh is by itself
}
TOKEN = "a.token.given"
ANSWER = f'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{{"access_token": "{TOKEN}", "expires_in": 3600}}'
REFUSED = 'HTTP/1.1 400 Bad Request\r\n\r\n{"errorCode": "BXNIM0415E", "errorMessage": "Provided API key is unknown."}'
CURL = """#!{python} -IS
import json, sys
with open({calls!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
sys.stdout.write({answer!r})
"""


@dataclass(frozen=True)
class Pasted:
    calls: list[list[str]]
    """What curl was called with, one after the other."""
    errors: str
    status: int
    files: list[str]
    """What lies in the folder in which it was pasted, and should be nothing."""


def pasted(text: str, folder: Path, *, shell: str, answer: str = ANSWER, **variables: str) -> Pasted:
    programs, here, calls = folder / "programs", folder / "here", folder / "calls"
    for each in (programs, here):
        each.mkdir()
    curl = programs / "curl"
    curl.write_text(CURL.format(python=sys.executable, calls=str(calls), answer=answer))
    curl.chmod(0o755)
    (programs / "sed").symlink_to(str(shutil.which("sed")))
    command = [str(shutil.which(SHELLS[shell][0])), *SHELLS[shell][1:]]
    process = subprocess.run(
        command,
        input=f"{text}\n",
        env={"PATH": str(programs), "HOME": str(here), "LC_ALL": "C.UTF-8", "HISTFILE": "/dev/null", **variables},
        cwd=here,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        start_new_session=True,  # an interactive one would take this terminal
    )
    lines = calls.read_text().splitlines() if calls.exists() else []
    return Pasted(
        [json.loads(line) for line in lines], process.stderr, process.returncode, [each.name for each in here.iterdir()]
    )
