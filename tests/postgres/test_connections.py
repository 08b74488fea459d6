"""A connection that the server has ended costs no request; one that says nothing is not waited for without end."""

import time
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import InternalError, OperationalError, close_old_connections, connection, connections

from controlplane.database.postgresql import base
from controlplane.database.postgresql.patience import patience
from controlplane.kernel.database_failures import is_database_failure
from controlplane.observability import readiness

pytestmark = pytest.mark.usefixtures("on_postgresql")


SLOW = "SELECT pg_sleep(30)"


@pytest.fixture(autouse=True)
def nothing_seen_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_recent_failures", base.RecentFailures())


def ask(statement: str = "SELECT 1") -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def end_by_the_server(how: str) -> None:
    """``kill``: with a last word."""
    [pid] = ask("SELECT pg_backend_pid()")
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_connection_that_the_server_has_ended_is_not_used() -> None:
    end_by_the_server("kill")
    close_old_connections()  # as at the begin of a request
    assert ask() == (1,)


def test_a_connection_that_is_there_is_used_again() -> None:
    before = ask("SELECT pg_backend_pid()")
    close_old_connections()
    assert ask("SELECT pg_backend_pid()") == before


def test_a_notice_of_the_server_is_no_end() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN news")
    before = ask("SELECT pg_backend_pid()")
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("NOTIFY news")
    close_old_connections()
    assert ask("SELECT pg_backend_pid()") == before


def test_an_answer_is_not_waited_for_without_end() -> None:
    began = time.monotonic()
    with patience(0.2), pytest.raises(OperationalError, match=r"within 0.2 s"):
        ask(SLOW)
    assert time.monotonic() - began < 10
    close_old_connections()
    assert ask() == (1,)


def test_after_one_slow_statement_others_are_answered_still() -> None:
    with patience(30):
        with patience(0.2), pytest.raises(OperationalError):
            ask(SLOW)
        close_old_connections()
        assert ask() == (1,)


def test_after_a_statement_without_an_answer_the_next_is_waited_for_less() -> None:
    began = time.monotonic()
    with patience(0.2), pytest.raises(OperationalError):
        ask(SLOW)
    close_old_connections()
    with patience(30), pytest.raises(OperationalError, match=r"within 0.5 s"):
        ask(SLOW)
    assert time.monotonic() - began < 10


def test_after_two_in_a_row_nothing_is_sent_for_a_moment() -> None:
    with patience(0.2):
        for _ in range(2):
            with pytest.raises(OperationalError):
                ask(SLOW)
            close_old_connections()
        began = time.monotonic()
        for _ in range(20):
            with pytest.raises(OperationalError, match="does not answer"):
                ask()
        assert time.monotonic() - began < base.REMEMBERED_SECONDS


def test_what_has_no_limit_is_waited_for_whatever_others_saw() -> None:
    base._recent_failures.suspect()
    assert ask("SELECT pg_sleep(0.7) IS NULL") == (False,)


def test_a_shorter_time_limit_ends_with_its_block() -> None:
    with patience(0.2):
        pass
    assert ask("SELECT pg_sleep(0.4) IS NULL") == (False,)


@pytest.mark.parametrize(
    ("failure", "times"),
    [(psycopg.errors.ConnectionTimeout("connection timeout expired"), 1), (psycopg.OperationalError("refused"), 5)],
)
def test_who_has_waited_for_a_connection_in_vain_spares_the_others_the_wait_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, failure: psycopg.Error, times: int
) -> None:
    tried: list[int] = []

    def away(**parameters: Any) -> Any:
        tried.append(1)
        raise failure

    monkeypatch.setattr(base.Connection, "connect", away)
    connection.close()
    for _ in range(5):
        with pytest.raises(OperationalError, match=str(failure)):
            ask()
    assert len(tried) == times


def test_the_product_connects_with_these_limits() -> None:
    assert connections["default"].settings_dict["ENGINE"] == "controlplane.database.postgresql"
    assert settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql"


def test_readiness_names_a_database_that_may_only_be_read() -> None:
    assert "read-only" not in readiness.missing_for_answers().get("database", "")
    ask("SELECT set_config('default_transaction_read_only', 'on', false)")
    assert readiness.missing_for_answers()["database"] == "The database is read-only. Make it writable."


def test_what_would_be_written_there_is_a_failure_of_the_database() -> None:
    ask("SELECT set_config('default_transaction_read_only', 'on', false)")
    with pytest.raises(InternalError) as raised, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE x (id integer)")
    assert is_database_failure(raised.value)
