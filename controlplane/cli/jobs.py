"""The background jobs as text: ``/_baremint/jobs``."""

from collections.abc import Mapping
from typing import Any

from controlplane.cli.output import as_table

PATH = "/_baremint/jobs"
JOBS = (
    ("JOB", "name"),
    ("DUE", "due"),
    ("LAST RUN", "last_run.started_at"),
    ("OUTCOME", "last_run.outcome"),
    ("TOOK", "took"),
    ("DOES", "does"),
)
RUNS = (
    ("STARTED", "started_at"),
    ("JOB", "job"),
    ("OUTCOME", "outcome"),
    ("TOOK", "took"),
    ("STEPS", "taken"),
    ("ATTEMPT", "attempt"),
    ("DETAIL", "detail"),
)
SHOWN_RUNS = 15


def as_text(answer: Mapping[str, Any]) -> str:
    since = answer["seconds_since_tick"]
    tick = "No tick yet: is a worker running, and beat?" if since is None else f"Last tick {since:.0f} s ago."
    rows = [
        each | {"due": _due(each["seconds_until_due"]), "took": _took(each["last_run"] or {})}
        for each in answer["jobs"]
    ]
    runs = [each | {"took": _took(each)} for each in answer["runs"][:SHOWN_RUNS]]
    latest = ["", "Latest runs:", as_table(runs, RUNS)] if runs else []
    return "\n".join([tick, "", as_table(rows, JOBS), *latest])


def _due(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return "now" if seconds <= 0 else f"in {seconds:.0f} s"


def _took(run: Mapping[str, Any]) -> str:
    milliseconds = run.get("duration_ms")
    return "" if milliseconds is None else f"{milliseconds} ms"
