"""The parts of the suite: what each collects, what it may cost, and which of our folders it proves something about."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

PYTEST = (sys.executable, "-m", "pytest", "-p", "tests.suite.plugin")
BY_PRODUCT = ("--numprocesses", "2", "--dist", "loadgroup")
"""Real processes wait more than they work: two tests at a time, those that share a product together."""
AGAIN = ("--reruns", "2", "--reruns-delay", "2")
"""Only where a test waits for a browser, for namespaces or for a busy product; never where races are tested."""
UNIT = tuple(
    f"tests/{name}"
    for name in (
        *("admin", "api", "architecture", "cli", "console", "docs", "iam", "inside", "objectstore", "operations"),
        *("rules", "services"),
    )
)


@dataclass(frozen=True)
class Part:
    """One command of the suite."""

    name: str
    about: str
    command: tuple[str, ...]
    budget: int
    """Seconds of wall time on two cores that sign 2,000 times a second together (see rate.py)."""
    folders: tuple[str, ...] = ()
    """What it collects."""


def _tests(
    name: str, about: str, *folders: str, only: str, budget: int, options: Iterable[str] = (), through: str = ""
) -> Part:
    """``through`` is a module of ours that runs the command."""
    command = (*([sys.executable, "-m", through] if through else []), *PYTEST, *folders, "-m", only, *options)
    return Part(name, about, command, budget, folders)


PARTS = (
    _tests("unit", "rules, services, API", *UNIT, only="not thorough", budget=200, options=("--numprocesses", "auto")),
    _tests("postgres", "locks and races on PostgreSQL", "tests/postgres", only="not thorough", budget=60),
    _tests("live", "real processes", "tests/live", only="not e2e", budget=200, options=(*BY_PRODUCT, *AGAIN)),
    Part("lint", "style, types, imports, migrations, deployment checks", ("make", "--no-print-directory", "lint"), 120),
    _tests(
        "weather",
        "the unit part again, in a shell full of other settings",
        *UNIT,
        only="not thorough",
        budget=200,
        options=("--numprocesses", "auto"),
        through="tests.weather",
    ),
    _tests(
        "thorough",
        "every operation, forged token and history",
        *UNIT,
        "tests/postgres",
        only="thorough",
        budget=300,
        options=("--numprocesses", "auto"),
    ),
    _tests(
        "e2e", "starts, stops, examples, commands", "tests/live", only="e2e", budget=600, options=(*BY_PRODUCT, *AGAIN)
    ),
    _tests(
        "browser",
        "Chromium in front of the console",
        "tests/browser",
        only="browser",
        budget=500,
        options=(*BY_PRODUCT, *AGAIN),
    ),
    _tests(
        "conformance",
        "IBM's SDKs in four languages",
        "tests/conformance",
        only="conformance",
        budget=300,
        options=("--compatibility-page", "docs/compatibility.md"),
    ),
    _tests("lab", "servers as namespaces", "tests/lab", only="lab", budget=600, options=AGAIN),
    _tests(
        "faults", "kill -9 and too many of everything", "tests/faults", only="fault", budget=600, options=BY_PRODUCT
    ),
)
NAMED = {part.name: part for part in PARTS}
TEST = ("unit", "postgres", "live")
GROUPS = {
    "test": TEST,
    "rest": tuple(name for name in NAMED if name not in TEST),
    "everything": tuple(NAMED),
}
