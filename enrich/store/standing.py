"""What a run took in stands until the next one, which need not take the same notes in again.

The rows of unchanged notes are those that would be written again, to the byte: what a run decides about them besides
(who is due, who was put off) is taken back by `keep`, and where a run changes more than that (`disturb`: two ids
turned out to be one target, an API passed one on, targets were pruned) all is taken in anew.

Rows stand only behind a run that wrote its report from them. So a kill at any moment, and rows that cannot be read,
cost the next run the time to take everything in, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from enrich.codec import encode
from enrich.store.columns import milliseconds
from enrich.store.database import Database
from enrich.store.protocol import Mark, Run

_TABLES = ("document", "link", "entry", "finding", "selected", "gathered")
# The last row says that a report was written of all before it; no document has an empty key.
_END = ""
_leads = msgspec.json.Decoder(list[tuple[str, str, str | None]])


def take_up(db: Database) -> int:
    """How many marks stand in the tables, which then count as unfinished; without any, the tables are emptied."""
    last = db.execute("SELECT key FROM gathered ORDER BY position DESC LIMIT 1").fetchone()
    if last is None or last["key"] != _END:
        empty(db)
        return 0
    db.execute("DELETE FROM gathered WHERE key = ?", (_END,))
    return int(db.execute("SELECT count(*) FROM gathered").fetchone()[0])


def marks(db: Database, begin: int, count: int) -> list[Mark]:
    """At most so many marks, in their order; ``begin`` is how many come before them."""
    query = (
        "SELECT key, unreadable, leads FROM gathered WHERE position > ? AND position <= ? ORDER BY position"
    )
    return [_mark(*row) for row in db.execute(query, (begin, begin + count))]


def _mark(key: str, unreadable: int, leads: str) -> Mark:
    """A mark as stored; one that is of no document where it is damaged."""
    try:
        return Mark(key, bool(unreadable), _leads.decode(leads))
    except msgspec.MsgspecError:
        return Mark(_END, unreadable=False)


def empty(db: Database) -> None:
    """Take out all that an earlier run took in."""
    for table in _TABLES:
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from a constant


def keep(db: Database, run: Run) -> None:
    """Let what stands be of this run, as if it had just been taken in."""
    db.execute(
        "UPDATE selected SET due = 0, wants_metadata = 0, deferred = NULL, stated = 0, expected = NULL "
        "WHERE due <> 0 OR wants_metadata <> 0 OR deferred IS NOT NULL OR stated <> 0 OR expected IS NOT NULL"
    )
    db.execute(
        "UPDATE target SET run_id = ?, seen_at = ? WHERE id IN (SELECT target_id FROM selected)",
        (run.id, milliseconds(run.started_at)),
    )


def note(db: Database, marks: Sequence[Mark]) -> None:
    """Say what was taken in, in its order: the first one has the number 1."""
    begin = 1 + int(db.execute("SELECT coalesce(max(position), 0) FROM gathered").fetchone()[0])
    rows = [
        (position, mark.key, int(mark.unreadable), encode(mark.leads).decode())
        for position, mark in enumerate(marks, begin)
    ]
    db.insert("gathered", "position, key, unreadable, leads", rows)


def settle(db: Database) -> None:
    """Say that all was taken in and reported, unless something has disturbed it meanwhile."""
    if db.execute("SELECT 1 FROM gathered LIMIT 1").fetchone() is not None:
        note(db, [Mark(_END, unreadable=False)])


def disturb(db: Database) -> None:
    """Say that the rows are not those any more that taking in would write."""
    db.execute("DELETE FROM gathered")
