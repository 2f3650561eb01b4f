"""SQLite as `enrich.store.database` wants it: its own connection, and the texts that are SQLite's alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from typing import Any

import msgspec

from enrich.codec import encode
from enrich.store import many


class SqliteDialect:
    """SQLite's side of `enrich.store.database.Dialect`. It keeps any type in any column, so that types are asked for."""

    name = "sqlite"
    row_number = "rowid"
    keeps_halves = False

    def array(self, values: Sequence[object]) -> str:
        return encode(values).decode()

    def given(self, parameter: str) -> str:
        return f"json_each({parameter})"

    def given_pairs(self, parameter: str) -> str:
        id_, url = "json_extract(value, '$[0]')", "json_extract(value, '$[1]')"
        return f"(SELECT {id_} AS id, {url} AS url FROM json_each({parameter}))"  # noqa: S608 - of placeholders

    def is_integer(self, column: str) -> str:
        return f"typeof({column}) = 'integer'"

    def is_text(self, column: str) -> str:
        return f"typeof({column}) = 'text'"

    def is_nothing_or_text(self, column: str) -> str:
        return f"typeof({column}) IN ('text', 'null')"

    def is_nothing_or_integer(self, column: str) -> str:
        return f"typeof({column}) IN ('integer', 'null')"

    def holds_any(self, column: str, letters: str) -> str:
        return f"{column} GLOB '*[{letters}]*'"

    def begins_as_address(self, column: str) -> str:
        return f"{column} GLOB 'http*://*'"

    def jitter(self, spread: str) -> str:
        return f"jitter(t.id, t.attempted_at, {spread})"

    def month(self, column: str) -> str:
        return f"strftime('%Y-%m', {column} / 1000, 'unixepoch')"

    def number_on(self, table: str) -> str | None:
        return None

    def named_by_entries(self) -> str:
        return (
            "SELECT position, json_extract(row, '$.article.target') AS target FROM entry "
            "UNION SELECT position, json_extract(paper.value, '$.target') FROM entry, json_each(row, '$.papers') AS paper"
        )


SQLITE = SqliteDialect()
# Rows of a stream that are in memory at once.
ROWS_AT_ONCE = 256
_rows = msgspec.json.Decoder(list[Sequence[Any]])


@cache
def _insertion(table: str, columns: str) -> str:
    return f"INSERT INTO {table} ({columns}) VALUES {{rows}}"  # noqa: S608 - names from constants


@cache
def _change(table: str, key: str, columns: str) -> str:
    names = [column.strip() for column in columns.split(",")]
    changes = ", ".join(f"{name} = new.column{place}" for place, name in enumerate(names, 1))
    found = f"{table}.{key} = new.column{len(names) + 1}"
    return f"UPDATE {table} SET {changes} FROM (VALUES {{rows}}) AS new WHERE {found}"  # noqa: S608 - names


@cache
def _at_once(query: str, columns: str) -> str:
    return f"SELECT json_group_array(json_array({columns})) FROM ({query})"  # noqa: S608 - made of constants


class SqliteDatabase(sqlite3.Connection):
    """A connection that `enrich.store.database.Database` describes, for ``sqlite3.connect(factory=…)``.

    Many rows are written by one statement, and read in one step (`many` says why).
    """

    dialect = SQLITE

    def stream(self, sql: str, parameters: Any = (), /) -> Iterable[Any]:
        """The rows, as texts where all of them are; the factory for damaged ones is asked for every single text."""
        count = 0
        cursor = self.execute(sql, parameters)
        try:
            while rows := self._fetched(cursor):
                yield from rows
                count += len(rows)
        except sqlite3.OperationalError as error:
            if "decode" not in str(error):
                raise
            yield from islice(self.execute(sql, parameters), count, None)

    def _fetched(self, cursor: sqlite3.Cursor) -> list[Any]:
        careful, self.text_factory = self.text_factory, str
        try:
            return cursor.fetchmany(ROWS_AT_ONCE)
        finally:
            self.text_factory = careful

    def insert(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]], conflict: str = "", /
    ) -> None:
        if not conflict:
            many.execute(self, _insertion(table, columns), rows)
            return
        # Of several rows in one statement each that is met again costs a seventh more.
        row = f"({', '.join('?' for _ in columns.split(','))})"
        self.executemany(f"{_insertion(table, columns).format(rows=row)} {conflict}", rows)

    def update(self, table: str, key: str, columns: str, rows: Sequence[Sequence[Any]], /) -> None:
        many.execute(self, _change(table, key, columns), rows)

    def together(self, query: str, columns: str, parameters: Sequence[Any], /) -> list[Sequence[Any]]:
        return _rows.decode(self.execute(_at_once(query, columns), parameters).fetchone()[0])

    def together_of(self, ids: Sequence[str], query: str, columns: str, /) -> list[Sequence[Any]]:
        parts = many.select(self, _at_once(query.replace("{ids}", "VALUES {rows}"), columns), ids)
        return [row for part in parts for row in _rows.decode(part)]


class Transaction:
    """``with`` begins a transaction and commits it, or rolls it back and lets the error through."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


class Unsynced(Transaction):
    """A transaction that a power cut may undo: what it writes is made anew when a run begins or goes on.

    That spares a sync for every handful of targets that a host is asked about. The next synced commit covers it.
    """

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("PRAGMA synchronous=NORMAL")
        return super().__enter__()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            super().__exit__(kind, *rest)
        finally:
            self._connection.execute("PRAGMA synchronous=FULL")
