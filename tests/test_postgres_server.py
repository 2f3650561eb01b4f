"""The tests' own PostgreSQL: what others build upon."""

from __future__ import annotations

import pytest
from postgres import Postgres, serve


def test_every_test_has_tables_of_its_own(postgres: Postgres, postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as one, psycopg.connect(postgres.namespace()) as other:
        one.execute("CREATE TABLE run (id TEXT)")
        other.execute("CREATE TABLE run (id TEXT)")


def test_letters_are_not_sorted_by_bytes_unless_somebody_says_so(postgres: Postgres) -> None:
    assert postgres.execute("SELECT 'a' < 'B', 'a' COLLATE \"C\" < 'B'") == [(True, False)]


def test_a_restart_cuts_every_connection_and_keeps_what_was_committed() -> None:
    import psycopg

    with serve(durable=True) as server, psycopg.connect(url := server.database()) as connection:
        connection.execute("CREATE TABLE kept (number INTEGER)")
        connection.commit()
        connection.execute("INSERT INTO kept VALUES (1)")
        server.restart()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        with psycopg.connect(url) as again:
            assert again.execute("SELECT count(*) FROM kept").fetchone() == (0,)
