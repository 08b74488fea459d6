"""The parts of the suite: what each collects, with which command, and what it may cost."""

import sys
from dataclasses import dataclass

BUDGETS = {
    "unit": 145,
    "postgres": 75,
    "live": 140,
    "architecture": 30,
    "surfaces": 90,
    "lint": 20,
    "weather": 240,
    "thorough": 770,
    "e2e": 850,
    "browser": 260,
    "conformance": 250,
    "lab": 345,
    "faults": 385,
}
"""Seconds of wall time on two cores that sign 2,000 times a second together (rate.py): an hour for everything,
six for ``make test``. What is made once a run counts for the part that needs it first: ``postgres``."""
PYTEST = (sys.executable, "-m", "pytest", "-p", "tests.suite.plugin")
IN_BAD_WEATHER = (sys.executable, "-m", "tests.weather")
BY_TEST = ("--numprocesses", "auto", "--dist", "worksteal")
BY_PRODUCT = ("--numprocesses", "3", "--dist", "loadgroup")
"""Real processes wait more than they work: three tests at a time on two cores, those that share a product or
a lab together."""
AGAIN = ("--reruns", "2", "--reruns-delay", "2")
"""Only where a test waits for a browser, for namespaces or for a busy product; never where races are tested."""
UNIT = tuple(f"tests/{name}" for name in ("api", "cli", "docs", "iam", "inside", "operations", "rules", "services"))
ARCHITECTURE = "tests/architecture"
SURFACES = ("tests/admin", "tests/console", "tests/keyprotect", "tests/objectstore")
IN_PROCESS = (*UNIT, ARCHITECTURE, *SURFACES)


@dataclass(frozen=True)
class Part:
    """One command of the suite."""

    name: str
    about: str
    command: tuple[str, ...]
    folders: tuple[str, ...] = ()
    """What it collects, if it is of pytest."""

    @property
    def budget(self) -> int:
        return BUDGETS[self.name]


def _tests(
    name: str, about: str, *folders: str, only: str, options: tuple[str, ...] = (), start: tuple[str, ...] = PYTEST
) -> Part:
    return Part(name, about, (*start, *folders, "-m", only, *options), folders)


PARTS = (
    _tests("unit", "rules, services, API", *UNIT, only="not thorough", options=BY_TEST),
    _tests("postgres", "locks and races on PostgreSQL", "tests/postgres", only="not thorough", options=BY_TEST),
    _tests("live", "real processes", "tests/live", only="not e2e", options=BY_PRODUCT + AGAIN),
    _tests("architecture", "rules about the code", ARCHITECTURE, only="not thorough", options=BY_TEST),
    _tests("surfaces", "console, admin, object store, Key Protect", *SURFACES, only="not thorough", options=BY_TEST),
    Part("lint", "style, types, imports, migrations, deployment checks", ("make", "--no-print-directory", "lint")),
    _tests(
        "weather",
        "unit, architecture and surfaces in a shell full of settings",
        *IN_PROCESS,
        only="not thorough",
        options=BY_TEST,
        start=IN_BAD_WEATHER + PYTEST,
    ),
    _tests("thorough", "every history", *IN_PROCESS, "tests/postgres", only="thorough", options=BY_TEST),
    _tests("e2e", "starts, stops, examples, commands", "tests/live", only="e2e", options=BY_PRODUCT),
    _tests("browser", "Chromium", "tests/browser", only="browser", options=BY_PRODUCT + AGAIN),
    _tests(
        "conformance",
        "IBM's SDKs in four languages",
        "tests/conformance",
        only="conformance",
        options=("--compatibility-page", "docs/compatibility.md"),
    ),
    _tests("lab", "servers as namespaces", "tests/lab", only="lab", options=BY_PRODUCT + AGAIN),
    _tests("faults", "kill -9, clock leaps, crowds", "tests/faults", only="fault", options=BY_PRODUCT),
)
NAMED = {part.name: part for part in PARTS}
TEST = ("unit", "postgres", "live")
GROUPS = {
    "test": TEST,
    "rest": tuple(name for name in NAMED if name not in TEST),
    "everything": tuple(NAMED),
}
