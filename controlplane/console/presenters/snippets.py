"""Programs to paste, each for this very server: nothing in them has to be filled in."""

import shlex
from dataclasses import dataclass

from django.template.loader import render_to_string

from controlplane.deployment.api_version import API_VERSION

PROGRAMS = (
    ("curl", "shell", "calls.sh", "bash calls.sh", ""),
    ("Python", "python", "calls.py", "python3 calls.py", "SSL_CERT_FILE"),
    ("Node", "node", "calls.mjs", "node calls.mjs", "NODE_EXTRA_CA_CERTS"),
    ("Go", "go", "calls.go", "go run calls.go", "SSL_CERT_FILE"),
    ("Java", "java", "Calls.java", "java Calls.java", ""),
)
"""Title, key, file, how to run it, and the variable that makes it trust a server which speaks https; those without one
say so in their text."""


@dataclass(frozen=True)
class Snippet:
    title: str
    key: str
    file: str
    run: str
    code: str


def snippets(url: str, profile_id: str, *, ca_bundle: str) -> list[Snippet]:
    """``profile_id`` is empty where the server's default trusted profile will do."""
    trusted = ca_bundle if url.startswith("https:") else ""
    facts = {"url": url, "version": API_VERSION, "profile_id": profile_id, "ca_bundle": trusted}
    return [
        Snippet(title, key, file, _run(run, variable, trusted), _text(file, facts))
        for title, key, file, run, variable in PROGRAMS
    ]


def _run(command: str, variable: str, trusted: str) -> str:
    return f"{variable}={shlex.quote(trusted)} {command}" if variable and trusted else command


def _text(file: str, facts: dict[str, str]) -> str:
    return render_to_string(f"console/snippets/{file}.txt", facts).strip()
