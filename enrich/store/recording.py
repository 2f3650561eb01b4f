"""What a check found out goes in: the new state, the check itself, metadata, and ids that turned out to be one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace

from enrich.codec import encode
from enrich.model import CheckResult, Repository, Status, TargetState
from enrich.store.belief import forget
from enrich.store.columns import STATE_COLUMNS, milliseconds, state_of, state_values
from enrich.store.history import ALIVE, Confirmation, merge
from enrich.store.protocol import Run
from enrich.store.schema import Transaction

# What is known of a target in this run, apart from its id.
_SELECTED = "host, kind, by_api, linked, skip, due, wants_metadata, deferred, stated, asked_last, expected"


def record(
    db: sqlite3.Connection, run: Run, results: Sequence[CheckResult], rule: Confirmation
) -> Sequence[TargetState]:
    """Store results in one transaction; the states that now stand."""
    with Transaction(db):
        return [_record_one(db, run, result, rule) for result in results]


def _record_one(db: sqlite3.Connection, run: Run, result: CheckResult, rule: Confirmation) -> TargetState:
    if result.alias and result.verdict.status is Status.OK and result.alias != result.target_id:
        result = _merge_alias(db, result)
    if db.execute("DELETE FROM doubted WHERE target_id = ?", (result.target_id,)).rowcount:
        forget(db, [result.target_id])
    row = db.execute("SELECT * FROM target WHERE id = ?", (result.target_id,)).fetchone()
    assert row is not None, f"a result for a target that was never added: {result.target_id}"
    state = merge(state_of(row), result, rule)
    assignments = ", ".join(f"{column} = ?" for column in STATE_COLUMNS)
    db.execute(
        f"UPDATE target SET {assignments}, attempted_status = ? WHERE id = ?",  # noqa: S608 - constant names
        (*state_values(state), result.verdict.status, result.target_id),
    )
    _record_metadata(db, row, result)
    _append(db, run, result)
    db.execute(
        "UPDATE selected SET due = 3, deferred = NULL, stated = ? WHERE target_id = ?",
        (state.checked_at == result.at, result.target_id),
    )
    return state


def _append(db: sqlite3.Connection, run: Run, result: CheckResult) -> None:
    verdict = result.verdict
    db.execute(
        "INSERT INTO checks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (result.target_id, run.id, milliseconds(result.at), verdict.status, verdict.reason, verdict.detail,
         result.http_status, result.attempts, round(result.elapsed_seconds * 1000)),
    )  # fmt: skip
    if isinstance(result.metadata, Repository) and result.metadata.stars is not None:
        db.execute(
            "INSERT OR REPLACE INTO star VALUES (?, ?, ?)",
            (result.target_id, f"{result.at:%Y-%m-%d}", result.metadata.stars),
        )


def _record_metadata(db: sqlite3.Connection, row: sqlite3.Row, result: CheckResult) -> None:
    """New metadata replace old ones; old ones are kept, marked stale, when new ones were wanted in vain."""
    at, id_ = milliseconds(result.at), result.target_id
    if result.metadata is not None:
        db.execute(
            "UPDATE target SET metadata = ?, metadata_source = ?, metadata_fetched_at = ?, "
            "metadata_tried_at = ?, metadata_stale = 0 WHERE id = ?",
            (encode(result.metadata).decode(), result.metadata_source, at, at, id_),
        )
    elif result.wanted_metadata and row["metadata"] is not None:
        db.execute("UPDATE target SET metadata_tried_at = ?, metadata_stale = 1 WHERE id = ?", (at, id_))
    elif result.wanted_metadata and result.verdict.status in ALIVE:
        # It is there and has nothing to say about itself; that counts as an answer.
        db.execute(
            "UPDATE target SET metadata_tried_at = ?, metadata_fetched_at = ? WHERE id = ?",
            (at, at, id_),
        )


def _merge_alias(db: sqlite3.Connection, result: CheckResult) -> CheckResult:
    """Two ids turned out to be one target: what is known and linked moves to the id of the alias."""
    old, new = result.target_id, result.alias
    assert new is not None, "called with an alias"
    columns = [row["name"] for row in db.execute("PRAGMA table_info(target)") if row["name"] != "id"]
    names = ", ".join(columns)
    db.execute(
        f"INSERT OR IGNORE INTO target (id, {names}) SELECT ?, {names} FROM target WHERE id = ?",  # noqa: S608
        (new, old),
    )
    # The one address has just opened; the other may be one that never does.
    db.execute(
        "UPDATE target SET (url, host) = (SELECT url, host FROM target WHERE id = ?) WHERE id = ?",
        (old, new),
    )
    db.execute(
        f"INSERT OR IGNORE INTO selected (target_id, {_SELECTED}) SELECT ?, {_SELECTED} FROM selected "  # noqa: S608
        "WHERE target_id = ?",
        (new, old),
    )
    db.execute("UPDATE selected SET linked = 1, skip = NULL WHERE target_id = ?", (new,))
    db.execute("UPDATE link SET target_id = ? WHERE target_id = ?", (new, old))
    db.execute("UPDATE checks SET target_id = ? WHERE target_id = ?", (new, old))
    db.execute("DELETE FROM selected WHERE target_id = ?", (old,))
    db.execute("DELETE FROM target WHERE id = ?", (old,))
    db.execute("INSERT OR REPLACE INTO alias VALUES (?, ?, ?)", (old, new, milliseconds(result.at)))
    return replace(result, target_id=new)


def forget_metadata(db: sqlite3.Connection, target_ids: Iterable[str]) -> None:
    """Take back metadata that cannot be read, so that they are asked for again; inside a transaction."""
    db.executemany(
        "UPDATE target SET metadata = NULL, metadata_source = NULL, metadata_fetched_at = NULL, "
        "metadata_tried_at = NULL, metadata_stale = 0 WHERE id = ?",
        [(id_,) for id_ in target_ids],
    )
