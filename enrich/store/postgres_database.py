"""PostgreSQL as `enrich.store.database` wants it: psycopg's connection, and the texts that are PostgreSQL's alone.

Two things surprised us. PostgreSQL keeps no NUL in a text, and no half of a surrogate pair, both of which come from
notes; so they are stored in an escape of their own, which sorts as they do. And a letter is sorted by the language of
the database unless its column says otherwise, so that every column of text says ``COLLATE "C"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import Buffer, Dumper, Loader

from enrich.codec import encode

if TYPE_CHECKING:
    from psycopg.abc import AdaptContext

# From so many rows on, one statement for all of them is faster than one each.
TOGETHER_FROM = 8
ROWS_AT_ONCE = 2000

_ESCAPE = "\x01"
_UNSTORABLE = re.compile("[\x00\x01\ud800-\udfff]")
_STORED = re.compile(f"{_ESCAPE}(?:([01])|s([0-9a-f]{{4}}))")


def escaped(text: str) -> str:
    """A text as PostgreSQL can store it; the order of texts stays, and `unescaped` brings them back."""

    def letter(found: re.Match[str]) -> str:
        code = ord(found[0])
        return f"{_ESCAPE}{code}" if code < 2 else f"{_ESCAPE}s{code:04x}"

    return _UNSTORABLE.sub(letter, text)


def unescaped(text: str) -> str:
    """What `escaped` was given. An escape that it never makes stays as it stands."""
    if _ESCAPE not in text:
        return text
    return _STORED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)


def _deeply_escaped(value: object) -> object:
    if isinstance(value, str):
        return escaped(value)
    return [_deeply_escaped(one) for one in value] if isinstance(value, list | tuple) else value


class PostgresDialect:
    """PostgreSQL's side of `enrich.store.database.Dialect`. Its columns have types, which need not be asked for."""

    name = "postgresql"
    row_number = "position"
    keeps_halves = True

    def array(self, values: Sequence[object]) -> str:
        return encode(_deeply_escaped(values)).decode()

    def given(self, parameter: str) -> str:
        return f"(SELECT jsonb_array_elements_text(CAST({parameter} AS JSONB)) AS value) AS given"

    def given_pairs(self, parameter: str) -> str:
        pairs = f"jsonb_array_elements(CAST({parameter} AS JSONB)) AS pair (value)"
        return f"(SELECT pair.value ->> 0 AS id, pair.value ->> 1 AS url FROM {pairs})"  # noqa: S608 - of placeholders

    def is_integer(self, column: str) -> str:
        return f"{column} IS NOT NULL"

    def is_text(self, column: str) -> str:
        return f"{column} IS NOT NULL"

    def is_nothing_or_text(self, column: str) -> str:
        return f"({column} IS NULL OR {self.is_text(column)})"

    def is_nothing_or_integer(self, column: str) -> str:
        return f"({column} IS NULL OR {self.is_integer(column)})"

    def holds_any(self, column: str, letters: str) -> str:
        return f"{column} ~ '[{letters}]'"

    def begins_as_address(self, column: str) -> str:
        return f"{column} LIKE 'http%://%'"

    def jitter(self, spread: str) -> str:
        # Whoever has no dice thrown is past the latest moment that they could name, or before the earliest.
        return f"coalesce((SELECT moved FROM thrown WHERE thrown.target_id = t.id), {spread})"  # noqa: S608

    def month(self, column: str) -> str:
        return f"to_char(to_timestamp({column} / 1000) AT TIME ZONE 'UTC', 'YYYY-MM')"

    def number_on(self, table: str) -> str | None:
        return f"SELECT setval(pg_get_serial_sequence('{table}', 'position'), max(position)) FROM {table}"  # noqa: S608

    def named_by_entries(self) -> str:
        # What JSON writes as a NUL becomes the escape of one, which JSON can hand over as a text.
        row = "CAST(replace(entry.row, '\\u0000', '\\u00010') AS JSON)"
        return (
            f"SELECT position, {row} -> 'article' ->> 'target' AS target FROM entry "  # noqa: S608 - of constants
            f"UNION SELECT position, paper.value ->> 'target' "
            f"FROM entry, json_array_elements({row} -> 'papers') AS paper (value)"
        )


POSTGRES = PostgresDialect()

# A text in quotation marks, or a placeholder outside of one; a colon of ours never stands in a cast.
_PLACEHOLDER = re.compile(r"('(?:[^']|'')*')|(\?)|:([a-z_]+)\b|(%)")


@lru_cache(maxsize=1000)
def translated(sql: str) -> str:
    """The statement with the placeholders of psycopg: ``?`` becomes ``%s``, ``:name`` becomes ``%(name)s``."""

    def of_psycopg(found: re.Match[str]) -> str:
        text, unnamed, name, percent = found.groups()
        if text is not None:
            return text.replace("%", "%%")
        return "%s" if unnamed else "%%" if percent else f"%({name})s"

    return _PLACEHOLDER.sub(of_psycopg, sql)


class Record:
    """One row: its values by number and by name, in order."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: Sequence[Any]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, key: int | str) -> Any:
        return self._values[self._places[key] if isinstance(key, str) else key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def records(cursor: psycopg.Cursor[Any]) -> Any:
    """How psycopg makes a row: as `Record`."""
    places: dict[str, int] = {}
    for number, column in enumerate(cursor.description or ()):
        places.setdefault(column.name, number)
    return lambda values: Record(places, values)


class _TextDumper(Dumper):
    """Texts, and members of enumerations that are texts."""

    def dump(self, obj: Any) -> Buffer | None:
        text = obj.value if isinstance(obj, Enum) else obj
        try:
            stored: bytes = text.encode()
        except UnicodeEncodeError:
            return escaped(text).encode()
        return escaped(text).encode() if b"\x00" in stored or b"\x01" in stored else stored


class _TruthDumper(Dumper):
    """Truth values are numbers, as in SQLite."""

    oid = psycopg.adapters.types["int2"].oid

    def dump(self, obj: bool) -> Buffer | None:
        return b"1" if obj else b"0"


class _TextLoader(Loader):
    def load(self, data: Buffer) -> str:
        return unescaped(bytes(data).decode())


def adapt(context: AdaptContext) -> None:
    """Teach a connection how our values are stored."""
    adapters = context.adapters
    assert adapters is not None, "a connection has its own"
    adapters.register_dumper(str, _TextDumper)
    adapters.register_dumper(Enum, _TextDumper)
    adapters.register_dumper(bool, _TruthDumper)
    for name in ("text", "varchar"):
        adapters.register_loader(name, _TextLoader)


class PostgresDatabase:
    """A psycopg connection that `enrich.store.database.Database` describes."""

    dialect = POSTGRES

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._types: dict[tuple[str, str], list[str]] = {}
        self._numbers = count()

    def execute(self, sql: str, parameters: Any = (), /) -> psycopg.Cursor[Any]:
        # Without parameters psycopg leaves percent signs alone.
        return self.connection.execute(translated(sql).encode(), parameters)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> psycopg.Cursor[Any]:
        cursor = self.connection.cursor()
        cursor.executemany(translated(sql).encode(), rows)
        return cursor

    def stream(self, sql: str, parameters: Any = (), /) -> Iterator[Any]:
        """The rows, fetched many at a time; inside a transaction."""
        with self.connection.cursor(name=f"rows_{next(self._numbers)}") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(translated(sql).encode(), parameters)
            yield from cursor

    def insert(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]], conflict: str = "", /
    ) -> None:
        if len(rows) < TOGETHER_FROM:
            places = ", ".join("?" for _ in columns.split(","))
            self.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places}) {conflict}", rows)  # noqa: S608
        elif not conflict:
            self._copy(table, columns, rows)
        else:
            given, values = self._given(table, columns, rows)
            self.execute(f"INSERT INTO {table} ({columns}) SELECT * FROM {given} {conflict}", values)  # noqa: S608

    def update(self, table: str, key: str, columns: str, rows: Sequence[Sequence[Any]], /) -> None:
        names = [column.strip() for column in columns.split(",")]
        if len(rows) < TOGETHER_FROM:
            assignments = ", ".join(f"{name} = ?" for name in names)
            self.executemany(f"UPDATE {table} SET {assignments} WHERE {key} = ?", rows)  # noqa: S608 - constants
            return
        given, values = self._given(table, f"{columns}, {key}", rows)
        changes = ", ".join(f"{name} = given.{name}" for name in names)
        self.execute(f"UPDATE {table} SET {changes} FROM {given} WHERE {table}.{key} = given.{key}", values)  # noqa: S608

    def together(self, query: str, columns: str, parameters: Sequence[Any], /) -> list[Sequence[Any]]:
        return self.execute(f"SELECT {columns} FROM ({query}) AS found", parameters).fetchall()  # noqa: S608 - constants

    def together_of(self, ids: Sequence[str], query: str, columns: str, /) -> list[Sequence[Any]]:
        given = f"SELECT value FROM {POSTGRES.given('?')}"  # noqa: S608 - of the dialect
        return self.together(query.replace("{ids}", given), columns, (POSTGRES.array(ids),))

    def _given(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]]
    ) -> tuple[str, list[list[Any]]]:
        """A table ``given`` with some rows, and the parameters that bring them, a list for each column.

        A temporary table to copy into is left as large as the server guesses it to be, which made it read all of the
        other table; of lists it knows how long they are.
        """
        if (types := self._types.get((table, columns))) is None:
            described = self.execute(f"SELECT {columns} FROM {table} LIMIT 0").description or ()  # noqa: S608
            types = self._types[table, columns] = [column.type_display for column in described]
        lists = ", ".join(f"CAST(? AS {type_}[])" for type_ in types)
        values = [
            [int(one) if isinstance(one, bool) else one for one in column]
            for column in zip(*rows, strict=True)
        ]
        return f"unnest({lists}) AS given ({columns})", values

    def _copy(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        with (
            self.connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy,
        ):
            for row in rows:
                copy.write_row(row)
