"""Domain time comes from one clock: no code, no column and no statement asks another one."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, models

from tests.tables import assert_none, check_each

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("controlplane", "servers", "identity", "trustedprofiles")
THE_CLOCK = ROOT / "controlplane" / "kernel" / "clock.py"
SOURCES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if path != THE_CLOCK and "migrations" not in path.parts
]

# What reads some machine's calendar time in Python: attribute, and whose it is.
READINGS = {
    "now": {"datetime", "timezone"},
    "utcnow": {"datetime"},
    "today": {"datetime", "date"},
    "localdate": {"timezone"},
    "localtime": {"timezone", "time"},
    "time": {"time"},
    "time_ns": {"time"},
    "gmtime": {"time"},
    "ctime": {"time"},
}
DATABASE_CLOCKS = {"Now", "TransactionNow", "StatementTimestamp", "auto_now", "auto_now_add"}
SQL_CLOCK = re.compile(
    r"\b(CURRENT_TIMESTAMP|CURRENT_DATE|CURRENT_TIME|LOCALTIMESTAMP|now\(\)|clock_timestamp\(|statement_timestamp\("
    r"|transaction_timestamp\(|(?:julianday|strftime|datetime|unixepoch)\([^)]*'now')",
    re.IGNORECASE,
)
# Where the machine's time is meant: what the deployment's clock does not move.
ON_REAL_TIME: dict[str, str] = {
    "controlplane/activity/job_runs.py": "how long work took, and when a worker was last alive",
    "controlplane/operations/api/jobs.py": "in how long housekeeping is due",
    "controlplane/runtime/http/response.py": "the Date of an answer, by which others judge its age",
    "controlplane/observability/readiness.py": "how long ago messages were dropped",
    "controlplane/observability/last_tick.py": "how long ago a worker took a tick",
    "controlplane/jobs/schedule.py": "housekeeping, and how long a failed job is left alone",
    "controlplane/timekeeping/services.py": "the machine's time is what the clock is set against",
    "controlplane/runtime/supervisor/supervisor.py": "log lines",
    "controlplane/database/sqlite_copies.py": "when a copy was made, for a user who looks for one",
    "identity/services/endpoint_certificates.py": "TLS handshakes",
    "identity/services/key_creation.py": "TLS handshakes: an authority is valid by both times",
}


def other_clocks(tree: ast.AST) -> list[str]:
    """Whatever in the code reads a clock of its own, or lets the database read one."""
    problems = []
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                if owner in READINGS.get(name, ()):
                    problems.append(f"{owner}.{name}, line {node.lineno}")
            case ast.ImportFrom(module=("time" | "django.utils.timezone" | "datetime") as module, names=names):
                problems += [
                    f"from {module} import {each.name}" for each in names if module in READINGS.get(each.name, ())
                ]
                problems += [f"from {module} import now" for each in names if each.name == "now"]
            case ast.keyword(arg=str(name)) | ast.Name(id=name):
                if name in DATABASE_CLOCKS:
                    problems.append(name)
            case ast.Constant(value=str(text)) if not _is_prose(text) and SQL_CLOCK.search(text):
                problems.append(f"SQL, line {node.lineno}: {text[:60]}")
    return problems


def _is_prose(text: str) -> bool:
    """A docstring may speak of now() and of CURRENT_TIMESTAMP."""
    return not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|DEFAULT)\b", text)


@cache
def clocks_read() -> dict[str, tuple[list[str], bool]]:
    """Of every file: what reads another clock, and whether it reads the machine's time by the one clock."""
    calls = {}
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        calls[str(path.relative_to(ROOT))] = (other_clocks(tree), _reads_the_machines_time(tree))
    return calls


def _reads_the_machines_time(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Attribute | ast.Name) and getattr(node, "attr", getattr(node, "id", "")) == "wall_clock"
        for node in ast.walk(tree)
    )


def test_only_the_clock_reads_the_time() -> None:
    assert_none({name: others for name, (others, _) in clocks_read().items() if others}, among=SOURCES)


OTHER_CLOCKS = [
    "from datetime import datetime\ndatetime.now(UTC)",
    "import datetime\ndatetime.datetime.now()",
    "datetime.utcnow()",
    "date.today()",
    "import time\ntime.time()",
    "from time import time_ns\nfrom time import time",
    "from django.utils import timezone\ntimezone.now()",
    "from django.utils.timezone import now",
    "models.DateTimeField(auto_now_add=True)",
    "models.DateTimeField(default=timezone.now)",
    "models.DateTimeField(db_default=Now())",
    "cursor.execute('UPDATE t SET at = CURRENT_TIMESTAMP')",
    "cursor.execute(\"SELECT datetime('now')\")",
]


def test_other_clocks_are_noticed() -> None:
    def check(code: str) -> None:
        assert other_clocks(ast.parse(code))

    check_each(OTHER_CLOCKS, check)


@pytest.mark.parametrize(
    "code", ["time.monotonic()", "clock.now()", "now = at.timestamp()", "'now() is not used'", "timezone.utc"]
)
def test_what_is_no_clock_is_let_be(code: str) -> None:
    assert other_clocks(ast.parse(code)) == []


def test_the_machines_time_is_used_where_a_reason_is_given_and_nowhere_else() -> None:
    using = {name for name, (_, machine) in clocks_read().items() if machine}
    assert using == set(ON_REAL_TIME)


OWN_MODELS = [model for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES]
# Django's own columns of a user: a session in the admin is real.
DJANGOS_OWN = {"trustedprofiles.User.date_joined"}


def test_no_column_is_filled_with_the_time_by_itself() -> None:
    assert OWN_MODELS
    filled = [
        f"{model._meta.label}.{field.name}"
        for model in OWN_MODELS
        for field in model._meta.local_fields
        if isinstance(field, models.DateField | models.TimeField)
        and (field.has_default() or field.has_db_default() or field.auto_now or field.auto_now_add)  # type: ignore[union-attr]
    ]
    assert set(filled) == DJANGOS_OWN


@pytest.mark.django_db
def test_no_table_has_a_default_or_a_trigger_that_reads_the_time() -> None:
    """Of SQLite here; the migrations that make triggers are the same for PostgreSQL, and are read below."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        rows = cursor.fetchall()
    assert_none([name for name, sql in rows if SQL_CLOCK.search(sql)], among=rows)


def test_no_migration_lets_the_database_read_the_time() -> None:
    migrations = [path for package in PACKAGES for path in (ROOT / package).rglob("migrations/*.py")]
    assert_none([path for path in migrations if SQL_CLOCK.search(path.read_text())], among=migrations)
