"""What many tests begin with is made once; later tests have the same rows laid down again, which costs little.

``recalled`` wraps a builder: a function that writes rows and returns what it made. From the builder's second call on it
notes what is written; asked the same in a database of the same content, it writes those rows in place of calling the
builder. The first time it does so it holds the whole database to what the builder left.

The builder runs wherever that would not be the same: when the test wrote or undid something before, on another
database than the tests' SQLite, outside of a test's transaction, and when the clock is moved. What settings a test
changed is part of what is asked. No note is older than ``FRESH_SECONDS``, so its rows were made just now.
"""

import pickle
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.conf import settings
from django.db import connection
from django.db.models import Model

from controlplane.kernel import clock
from tests.rows import Rows, Statement, lay_down, read_rows, statements_from

FRESH_SECONDS = 10.0
"""Much less than any period after which a rule takes a row for an older one (identity/key_schedule.py: LEEWAY)."""
P = ParamSpec("P")
T = TypeVar("T")


def _database() -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection)


@dataclass(eq=False)
class Note:
    """What a builder did to a database of known content."""

    made_at: float
    """When the oldest of what is there was made, by ``time.monotonic``."""
    statements: list[Statement]
    value: bytes
    callbacks: list[tuple[Callable[[], Any], bool]]
    """What then waits for the commit."""
    outcome: Rows | None
    """The whole database afterwards, until it was compared."""


@dataclass(frozen=True)
class Content:
    """The database is as after ``note``, or as the migrations leave it, as long as nothing was written or undone."""

    note: Note | None
    database: sqlite3.Connection = field(default_factory=_database)
    changes: int = field(default_factory=lambda: _database().total_changes)
    savepoints: tuple[str, ...] = field(default_factory=lambda: tuple(connection.savepoint_ids))

    def still_holds(self) -> bool:
        return (
            connection.connection is self.database
            and self.database.total_changes == self.changes
            and tuple(connection.savepoint_ids[: len(self.savepoints)]) == self.savepoints
        )


class Memory:
    def __init__(self) -> None:
        self._content: Content | None = None
        self._notes: dict[Hashable, Note] = {}
        self._asked: Counter[str] = Counter()

    def begin(self) -> None:
        """A test's database is ready: as the migrations leave it, if what it does is undone afterwards."""
        ours = connection.vendor == "sqlite" and connection.in_atomic_block
        self._content = Content(None) if ours else None

    def made(self, name: str, arguments: Hashable, build: Callable[[], T]) -> T:
        content, self._content = self._content, None
        if content is None or not content.still_holds() or _clock_is_moved():
            return build()
        key = (name, arguments, content.note, _changed_settings())
        if (note := self._notes.get(key)) and _is_fresh(note):
            _repeat(note)
        else:
            self._asked[name] += 1
            if self._asked[name] == 1:
                return build()
            self._content = content  # for builders that call others
            note = _note(content, build)
            self._notes = {key: each for key, each in self._notes.items() if _is_fresh(each)} | {key: note}
        self._content = Content(note)
        return cast(T, pickle.loads(note.value))


memory = Memory()


def recalled(builder: Callable[P, T]) -> Callable[P, T]:
    """A builder whose arguments are names, numbers and rows, and whose value can be pickled."""

    @wraps(builder)
    def made(*positional: P.args, **named: P.kwargs) -> T:
        arguments = (tuple(map(_fixed, positional)), tuple((name, _fixed(named[name])) for name in sorted(named)))
        return memory.made(builder.__qualname__, arguments, lambda: builder(*positional, **named))

    return made


def _note(content: Content, build: Callable[[], Any]) -> Note:
    made_at = content.note.made_at if content.note else time.monotonic()
    waiting, before = len(connection.run_on_commit), read_rows()
    value = build()
    after = read_rows()
    callbacks = [(call, robust) for _, call, robust in connection.run_on_commit[waiting:]]
    return Note(made_at, statements_from(before, after), pickle.dumps(value), callbacks, outcome=after)


def _repeat(note: Note) -> None:
    lay_down(note.statements)
    connection.run_on_commit += [(set(connection.savepoint_ids), *callback) for callback in note.callbacks]
    if note.outcome is not None:
        assert read_rows() == note.outcome, "laying down what a builder made is not the same as making it"
        note.outcome = None


def _is_fresh(note: Note) -> bool:
    return time.monotonic() - note.made_at < FRESH_SECONDS


def _clock_is_moved() -> bool:
    return abs(clock.now().timestamp() - time.time()) > 1


def _changed_settings() -> Hashable:
    """By name, innermost first, what ``override_settings`` and pytest-django's ``settings`` have put in."""
    layer, layers = settings._wrapped, []
    while hasattr(layer, "default_settings"):
        layers += [(name, _fixed(value)) for name, value in vars(layer).items() if name.isupper()]
        layer = layer.default_settings
    return tuple(layers)


def _fixed(value: Any) -> Hashable:
    """Equal for what is equal to a builder: of a row, all its columns."""
    if isinstance(value, Model):
        columns = (getattr(value, column.attname) for column in value._meta.concrete_fields)
        return (value._meta.label, *map(_fixed, columns))
    return value if value.__hash__ else repr(value)
