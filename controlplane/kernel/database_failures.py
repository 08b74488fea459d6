"""Explain failures of the database in one line. Drivers distinguish most failures only by their texts."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError

LONGEST_REASON = 512


class Meaning(NamedTuple):
    sign: re.Pattern[str]
    """Matches the text of the failure."""
    for_clients: str
    for_operators: str


def _meaning(sign: str, for_clients: str, for_operators: str = "") -> Meaning:
    return Meaning(re.compile(sign, re.IGNORECASE), for_clients, for_operators or for_clients)


AWAY = "The database does not answer. Try again in a moment."
READ_ONLY = _meaning(r"read-?only", "The database is read-only. Make it writable.")
MEANINGS: Sequence[Meaning] = (
    _meaning(r"disk is full|no space left", "The disk of the database is full. Make room on it."),
    READ_ONLY,
    _meaning(r"database is locked|lock timeout", "The database is busy. Try again in a moment."),
    _meaning(
        r"authentication failed|no password supplied|role \"[^\"]*\" does not exist",
        AWAY,
        "PostgreSQL refuses the user name or the password of DATABASE_URL. Correct them there.",
    ),
    _meaning(
        r"database \"[^\"]*\" does not exist",
        AWAY,
        "PostgreSQL has no database of the name in DATABASE_URL. Create it, or correct the name.",
    ),
    _meaning(
        r"could not translate host|resolve host|name or service not known|name resolution",
        AWAY,
        "The host in DATABASE_URL is not known. Correct its name.",
    ),
    _meaning(
        r"connection refused|no such file or directory|network is unreachable|no route to host",
        AWAY,
        "PostgreSQL does not listen where DATABASE_URL says. Start it, or correct DATABASE_URL.",
    ),
    _meaning(
        r"too many (?:clients|connections)|connection slots",
        AWAY,
        "PostgreSQL has no connection left. Raise its max_connections, or run fewer processes.",
    ),
    _meaning(
        r"no pg_hba.conf entry", AWAY, "PostgreSQL refuses this connection. Add an entry for it to its pg_hba.conf."
    ),
    _meaning(
        r"is starting up|is shutting down|recovery mode",
        AWAY,
        "PostgreSQL is starting or stopping. Try again in a moment.",
    ),
    _meaning(
        r"unable to open database file",
        AWAY,
        "The database file cannot be opened. Check the owner and the permissions of its directory.",
    ),
    _meaning(
        r"disk I/O error",
        AWAY,
        "The disk of the database cannot be read or written. See whether it is full, or broken.",
    ),
    _meaning(
        r"not a database|malformed",
        "The database is damaged.",
        "The database file is damaged. Restore a backup into an empty BAREMINT_HOME: baremint restore FILE",
    ),
    _meaning(
        r"timeout|does not answer|closed the connection|connection (?:is|already) (?:lost|closed)|terminating conn",
        AWAY,
        "The database does not answer. See whether it runs, or correct DATABASE_URL.",
    ),
)


def is_database_failure(failure: BaseException | None) -> bool:
    """Return whether the database itself failed, not a wrong statement."""
    if isinstance(failure, InternalError):  # PostgreSQL raises it for a read-only database
        return READ_ONLY.sign.search(str(failure)) is not None
    return isinstance(failure, OperationalError | InterfaceError) or type(failure) is DatabaseError


def for_clients(failure: BaseException) -> str:
    """Return the message for a client, which does not tell where the database is."""
    meaning = _meaning_of(failure)
    return meaning.for_clients if meaning else AWAY


def for_operators(failure: BaseException) -> str:
    """Return the message for an operator: what is wrong and what to do."""
    meaning = _meaning_of(failure)
    return meaning.for_operators if meaning else f"The database cannot be used: {one_line(failure)}"


def one_line(failure: BaseException) -> str:
    """Return the driver's text in one line; PostgreSQL's texts have several."""
    return " ".join(str(failure).split())[:LONGEST_REASON]


def _meaning_of(failure: BaseException) -> Meaning | None:
    text = str(failure)
    return next((meaning for meaning in MEANINGS if meaning.sign.search(text)), None)
