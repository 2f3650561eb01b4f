"""What the SQL of this package is written for, whatever keeps the rows: SQLite or PostgreSQL.

All statements are of the subset that both understand. What they cannot agree on has a name here and a text for each:
lists as parameters, patterns, types of values, JSON. The rules of the subset, each of which failed first:

- truth values are the numbers 0 and 1 in every column, and are compared (``confirmed = 1``), never used as they stand;
- ``NULLS FIRST`` stands wherever a sorted column may be NULL, and a tie is broken by what the rows themselves say;
- a parameter that may be NULL, and stands alone, says its type: ``CAST(:max_age AS BIGINT) IS NULL``;
- parameters are ``?`` or ``:name``; a column of the table stands with its table's name in ``ON CONFLICT … DO UPDATE``;
- every column of text is sorted by its bytes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

Parameters = Sequence[Any] | Mapping[str, Any]


class Row(Protocol):
    """One row: its values by number and by name."""

    def __getitem__(self, key: Any, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...
    @property
    def description(self) -> Sequence[Sequence[Any]] | None: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Dialect(Hashable, Protocol):
    """The few texts that differ. ``column`` is SQL, ``parameter`` is a placeholder of either form."""

    name: str
    # Counts the rows of a table without a key of its own, in the order in which they were inserted.
    row_number: str
    # Whether halves of surrogate pairs can be stored.
    keeps_halves: bool

    def array(self, values: Sequence[object]) -> str:
        """A list as one parameter, for `given` and `given_pairs`."""
        ...

    def given(self, parameter: str) -> str:
        """A table with the values of such a list, which are texts, in the column ``value``."""
        ...

    def given_pairs(self, parameter: str) -> str:
        """A table with the pairs of such a list, in the columns ``id`` and ``url``."""
        ...

    def is_integer(self, column: str) -> str: ...
    def is_text(self, column: str) -> str: ...
    def is_nothing_or_text(self, column: str) -> str: ...
    def is_nothing_or_integer(self, column: str) -> str: ...
    def holds_any(self, column: str, letters: str) -> str:
        """Whether a text holds any of some letters, written as between the brackets of a pattern."""
        ...

    def begins_as_address(self, column: str) -> str:
        """Whether a text begins with ``http`` and has ``://`` after it."""
        ...

    def jitter(self, spread: str) -> str:
        """`enrich.store.ages.jitter` of the target ``t``."""
        ...

    def month(self, column: str) -> str:
        """The month of a moment, such as ``2026-05``."""
        ...

    def number_on(self, table: str) -> str | None:
        """What lets a table count on from rows that came with their numbers; None where it does so by itself."""
        ...

    def named_by_entries(self) -> str:
        """A query for the articles and papers of all entries: ``position``, ``target``."""
        ...


class Database(Protocol):
    """One connection. A plain `sqlite3.Connection` is one but for three names, which its class here adds."""

    @property
    def dialect(self) -> Dialect: ...

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...
    def executemany(self, sql: str, rows: Iterable[Any], /) -> Cursor: ...
    def stream(self, sql: str, parameters: Any = ..., /) -> Iterable[Any]:
        """The rows of a query that may have a million; they are never all in memory."""
        ...

    def insert(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]], conflict: str = "", /
    ) -> None:
        """Insert many rows; ``conflict`` is an ON CONFLICT clause, by which no row may be met twice."""
        ...

    def update(self, table: str, key: str, columns: str, rows: Sequence[Sequence[Any]], /) -> None:
        """Set columns of many rows to the values of each, of which the last is its key; each key once."""
        ...

    def together(self, query: str, columns: str, parameters: Sequence[Any], /) -> list[Sequence[Any]]:
        """All rows of a query that has few, with these of its columns."""
        ...

    def together_of(self, ids: Sequence[str], query: str, columns: str, /) -> list[Sequence[Any]]:
        """The same for a query that says ``IN ({ids})``."""
        ...
