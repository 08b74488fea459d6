"""Programs to paste, each for this very server: nothing in them has to be filled in."""

from dataclasses import dataclass

from django.template.loader import render_to_string

from identity.inside.views import RENAMED_IN

PROGRAMS = (
    ("curl", "shell", "calls.sh", "bash"),
    ("Python", "python", "calls.py", "python3 calls.py"),
    ("Node", "node", "calls.mjs", "node calls.mjs"),
    ("Go", "go", "calls.go", "go run calls.go"),
    ("Java", "java", "Calls.java", "java Calls.java"),
)


@dataclass(frozen=True)
class Snippet:
    title: str
    key: str
    file: str
    run: str
    code: str


def snippets(url: str, profile_id: str) -> list[Snippet]:
    """``profile_id`` is empty where the server's default trusted profile will do."""
    facts = {"url": url, "version": RENAMED_IN, "profile_id": profile_id}
    return [
        Snippet(title, key, file, run, render_to_string(f"console/snippets/{file}.txt", facts).strip())
        for title, key, file, run in PROGRAMS
    ]
