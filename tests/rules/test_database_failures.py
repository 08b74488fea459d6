"""What a failure of the database means: to a client, and to the operator of Baremint."""

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, InternalError, OperationalError, ProgrammingError

from controlplane.kernel.database_failures import AWAY, for_clients, for_operators, is_database_failure
from tests.tables import check_each

SERVER = 'connection to server at "10.1.2.3", port 5432 failed: '
SECRET_PLACES = ("10.1.2.3", "5432", "DATABASE_URL", "pg_hba", "reporting")
TEXTS = {
    f'{SERVER}FATAL:  password authentication failed for user "reporting"': "refuses the user name or the password",
    f'{SERVER}FATAL:  role "reporting" does not exist': "refuses the user name or the password",
    f"{SERVER}fe_sendauth: no password supplied": "refuses the user name or the password",
    f'{SERVER}FATAL:  database "reporting" does not exist': "no database of the name",
    "[Errno -2] Name or service not known": "host in DATABASE_URL is not known",
    f"{SERVER}Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?": "Start it",
    f"{SERVER}FATAL:  sorry, too many clients already": "max_connections",
    f'{SERVER}FATAL:  no pg_hba.conf entry for host "10.1.2.3", user "reporting"': "pg_hba.conf",
    f"{SERVER}FATAL:  the database system is starting up": "starting or stopping",
    "connection timeout expired": "does not answer",
    "the database does not answer within 6 s": "does not answer",
    "server closed the connection unexpectedly\n\tThis probably means": "does not answer",
    "the connection is closed": "does not answer",
    "connection already closed": "does not answer",
    "the connection is lost": "does not answer",
    "cannot execute INSERT in a read-only transaction": "is read-only. Make it writable",
    "attempt to write a readonly database": "is read-only. Make it writable",
    "database or disk is full": "Make room",
    'could not extend file "base/1/2": No space left on device': "Make room",
    "database is locked": "busy",
    "unable to open database file": "cannot be opened",
    "file is not a database": "damaged. Restore a backup",
    "database disk image is malformed": "damaged. Restore a backup",
}


def test_an_operator_is_told_what_to_do() -> None:
    def check(text: str) -> None:
        assert TEXTS[text] in for_operators(OperationalError(text))

    check_each(TEXTS, check)


def test_a_client_is_told_nothing_of_where_the_database_is() -> None:
    def check(text: str) -> None:
        message = for_clients(OperationalError(text))
        assert [place for place in SECRET_PLACES if place in message] == []
        assert message.endswith(".")

    check_each(TEXTS, check)


def test_a_failure_of_another_kind_is_told_in_one_line() -> None:
    failure = OperationalError("something\n\tnot  foreseen\n")
    assert for_operators(failure) == "The database cannot be used: something not foreseen"
    assert for_clients(failure) == AWAY


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, DatabaseError])
def test_what_the_database_fails_in_is_told_from_what_we_do_wrong(kind: type[Exception]) -> None:
    assert is_database_failure(kind("x"))


def test_a_database_that_may_only_be_read_fails() -> None:
    assert is_database_failure(InternalError("cannot execute INSERT in a read-only transaction"))
    assert not is_database_failure(InternalError("current transaction is aborted"))


@pytest.mark.parametrize("kind", [ProgrammingError, IntegrityError, ValueError])
def test_a_statement_that_is_wrong_is_no_failure_of_the_database(kind: type[Exception]) -> None:
    assert not is_database_failure(kind("x"))
