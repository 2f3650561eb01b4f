"""One statement for many rows.

What surprised us: while results are stored in a thread, the event loop wants the interpreter, too. SQLite's module lets
go of it for every step of a statement, so that with a statement for each row the two hand it to and fro tens of
thousands of times, and a batch that is stored in 10 ms of work took half a second.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeVar

Row = Sequence[Any]
R = TypeVar("R")

# Rows of one statement; SQLite takes some 32,000 values (limits, 9) and keeps the statements that it has read.
ROWS_AT_ONCE = 64


def execute(db: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """Carry out a statement for rows of the same width, which stand where it says ``{rows}``, as in VALUES."""
    for part in _parts(rows):
        db.execute(_written(statement, len(part[0]), len(part)), tuple(chain.from_iterable(part)))


def select(db: sqlite3.Connection, query: str, ids: Sequence[str]) -> Iterator[str]:
    """What a query of one value gives for ids, which stand where it says ``{rows}``; each value is for many ids."""
    for part in _parts(ids):
        yield from (row[0] for row in db.execute(_written(query, 1, len(part)), tuple(part)))


def _parts(rows: Sequence[R]) -> Iterator[Sequence[R]]:
    """Parts whose sizes are powers of two, so that few statements serve any number of rows."""
    start, size = 0, ROWS_AT_ONCE
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


@cache
def _written(statement: str, width: int, count: int) -> str:
    row = f"({', '.join('?' * width)})"
    return statement.format(rows=", ".join([row] * count))
