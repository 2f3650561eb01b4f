"""One statement for many rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from enrich.store import many


@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65, 200])
def test_all_rows_are_written_and_read_however_many(count: int) -> None:
    rows = [(f"name-{number}", number, None) for number in range(count)]
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE thing (name TEXT PRIMARY KEY, number INTEGER, note TEXT)")
        many.execute(db, "INSERT INTO thing VALUES {rows}", rows)
        many.execute(
            db,
            "UPDATE thing SET number = new.column2 FROM (VALUES {rows}) AS new WHERE name = new.column1",
            [(name, -number) for name, number, _ in rows],
        )
        query = "SELECT name || ':' || number FROM thing WHERE name IN (VALUES {rows})"
        found = many.select(db, query, [name for name, *_ in rows])
        assert sorted(found) == sorted(f"{name}:{-number}" for name, number, _ in rows)


def test_any_number_of_rows_is_written_with_few_statements() -> None:
    said: set[int] = set()
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE thing (number INTEGER)")
        db.set_trace_callback(lambda statement: said.add(statement.count("(")))  # type: ignore[func-returns-value]
        for count in range(1, 300):
            many.execute(db, "INSERT INTO thing VALUES {rows}", [(1,)] * count)
    assert len(said) <= 7 + 2, "of each power of two, beside BEGIN and COMMIT"
