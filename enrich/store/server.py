"""A connection to PostgreSQL for the few short statements by which machines agree who does what.

It is apart from the store's own connection, which may be busy with a report for minutes while a lease has to be renewed.
A server that is restarted is waited for; every statement here may be carried out twice, since nobody can know
whether the one that was cut off took effect.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import psycopg

# A server needs some seconds to come back; who needs longer has another trouble.
PATIENCE_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


Parameters = Mapping[str, object] | None


class Server:
    """Blocking; may be used by several threads, one after another. ``reading`` is for a role that may only read."""

    def __init__(
        self, url: str, *, reading: bool = False, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._url, self._reading = url, reading
        self._patience = patience_seconds
        self._turn = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, statement: str, parameters: Parameters = None) -> list[dict[str, Any]]:
        """Carry one statement out as a transaction, again where the connection was lost; its rows, by name.

        Raises StorageError when the server refuses it, or cannot be reached for a minute; UsageError without psycopg.
        """
        return self.ask_all([(statement, parameters)])

    def ask_all(self, statements: Sequence[tuple[str, Parameters]]) -> list[dict[str, Any]]:
        """The same for several as one transaction; the rows of the last."""
        end = time.monotonic() + self._patience
        with self._turn:
            return self._ask_until(end, statements)

    def _ask_until(self, end: float, statements: Sequence[tuple[str, Parameters]]) -> list[dict[str, Any]]:
        """Ask, again and again while there is no connection, as long as that moment of the monotonic clock allows."""
        from enrich.store.caches import of_server

        storage_error = of_server().storage_error
        import psycopg

        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._ask(statements)
            except psycopg.OperationalError as error:
                self._let_go()
                if self._closed or time.monotonic() + pause > end:
                    raise storage_error(self._url, error) from error
            except psycopg.Error as error:
                raise storage_error(self._url, error) from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _ask(self, statements: Sequence[tuple[str, Parameters]]) -> list[dict[str, Any]]:
        from psycopg.rows import dict_row

        from enrich.store.postgres import connect

        if self._connection is None:
            self._connection = connect(self._url, reading=self._reading)
            self._connection.row_factory = dict_row
        rows: list[dict[str, Any]] = []
        with self._connection.transaction():
            for statement, parameters in statements:
                cursor = self._connection.execute(statement.encode(), parameters)
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        self._closed = True
        with self._turn:
            self._let_go()
