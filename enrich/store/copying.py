"""One cache copied to another, whatever keeps either.

Rows go over in the order of their keys, in batches that are committed one by one, so that whoever goes on after a kill
begins behind the last key that arrived. Until all of it is there, a mark stands among the runs of the copy: it says
what is being copied, so that neither rows of two caches are mixed, nor those of one that has changed meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from enrich.codec import encode
from enrich.errors import UsageError
from enrich.store.caches import Cache, open_store, reading
from enrich.store.database import Database
from enrich.store.schema import TABLES, Table
from enrich.store.sql import SqlStore

ROWS_AT_ONCE = 5000
# Shorter than the id of any run, so that none goes on with it.
MARK = "copying"
MARKS_NUMBER = 1 << 62
_HALVES = re.compile("[\ud800-\udfff]")
_RUN = Table("run")


@dataclass(frozen=True, slots=True)
class Sight:
    """A table as one database has it: what its rows are told apart by, and its other columns."""

    key: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def columns(self) -> str:
        return ", ".join((*self.key, *self.rest))


def sight(db: Database, table: Table) -> Sight:
    """How rows of a table are told apart in a database, in an order of columns that is the same in all of them."""
    described = db.execute(f"SELECT * FROM {table.name} LIMIT 0").description or ()  # noqa: S608 - a constant
    key = table.key or (db.dialect.row_number,)
    return Sight(key, tuple(sorted({column[0] for column in described} - {*key})))


async def copy(source: Cache, sink: Cache) -> Mapping[str, int]:
    """Copy a cache to an empty one, or go on with that; how many rows each table has then.

    The caller holds ``sink``. Raises UsageError where it holds something else, StorageError where either cannot be used.
    """
    with reading(source) as from_:
        what, runs = fingerprint(from_), [row[0] for row in from_.execute("SELECT id FROM run")]
        async with open_store(sink) as to:
            await to.carry_out(partial(_mark, what=what, runs={MARK, *runs}, sink=str(sink)))
            for table in TABLES:
                await _copy_table(from_, to, table)
            return await to.carry_out(_finish)


def fingerprint(db: Database) -> str:
    """What tells one state of a cache from another: any run, and any pruning, changes it."""
    runs = [tuple(row) for row in db.execute("SELECT id, started_at, finished_at FROM run ORDER BY id")]
    counts = [_count(db, table) for table in TABLES]
    last = db.execute("SELECT max(attempted_at), max(seen_at), sum(attempts) FROM target").fetchone()
    return encode([runs[-1000:], counts, [None if one is None else int(one) for one in last]]).decode()


def _count(db: Database, table: Table) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])  # noqa: S608 - a constant


def _mark(db: Database, *, what: str, runs: Set[str], sink: str) -> None:
    """Set the mark in an empty cache; UsageError for one that is neither empty nor a beginning of the same copy."""
    marked = db.execute("SELECT options FROM run WHERE id = ?", (MARK,)).fetchone()
    is_same = marked is not None and marked["options"] == what
    if is_same and {row[0] for row in db.execute("SELECT id FROM run")} <= runs:
        return
    if marked is not None:
        why = "holds a part of another copy, or of one of this cache as it was before"
    elif fingerprint(db) == what:
        # All of it had arrived, but whoever copied it ended before that could be said.
        return
    elif any(_count(db, table) for table in TABLES):
        why = "is not empty, and rows of two caches are not mixed"
    else:
        columns = f"{db.dialect.row_number}, id, version, options, started_at"
        statement = f"INSERT INTO run ({columns}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - names
        db.execute(statement, (MARKS_NUMBER, MARK, "", what, 0))
        return
    raise UsageError(f"TO: {sink} {why}", hint="`enrich cache clear` empties it, or name another one")


async def _copy_table(from_: Database, to: SqlStore, table: Table) -> None:
    own = sight(from_, table)
    last = await to.carry_out(partial(_last_key, table=table))
    rows = _rows_after(from_, table, own, last)
    while some := [tuple(row) for row in islice(rows, ROWS_AT_ONCE)]:
        await to.carry_out(partial(_put, table=table, rows=some))


def _last_key(db: Database, table: Table) -> list[Any] | None:
    """The key of the last row that arrived. The mark is the only row that never was in the source."""
    key = sight(db, table).key
    query = f"SELECT {', '.join(key)} FROM {table.name} {{}} ORDER BY {', '.join(f'{name} DESC' for name in key)} LIMIT 1"  # noqa: S608
    row = db.execute(query.format(f"WHERE id <> '{MARK}'" if table == _RUN else "")).fetchone()
    return None if row is None else list(row)


def _rows_after(
    db: Database, table: Table, own: Sight, last: Sequence[Any] | None
) -> Iterator[Sequence[Any]]:
    """The rows in order, by one query: asked for in batches, the checks, of which there are most and which have no index
    on their key, were looked through from the first for each batch.
    """
    key, places = ", ".join(own.key), ", ".join("?" for _ in own.key)
    after = "" if last is None else f"WHERE ({key}) > ({places})"
    query = f"SELECT {own.columns} FROM {table.name} {after} ORDER BY {key}"  # noqa: S608
    return iter(db.stream(query, tuple(last or ())))


def _put(db: Database, *, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    db.insert(table.name, sight(db, table).columns, rows if db.dialect.keeps_halves else _whole(rows))


def _whole(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows without halves of surrogate pairs, for which SQLite has no place."""
    return [
        tuple(_HALVES.sub("\ufffd", one) if isinstance(one, str) else one for one in row) for row in rows
    ]


def _finish(db: Database) -> dict[str, int]:
    db.execute("DELETE FROM run WHERE id = ?", (MARK,))
    for table in TABLES:
        if (statement := db.dialect.number_on(table.name)) and table.key in ((), ("position",)):
            db.execute(statement)
    return {table.name: _count(db, table) for table in TABLES}
