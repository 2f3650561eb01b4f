"""What a check found out goes in: the new state, the check itself, metadata, and ids that turned out to be one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from enrich.codec import encode
from enrich.model import SECOND_HAND, CheckResult, Repository, Status, TargetState
from enrich.store.belief import forget
from enrich.store.columns import STATE_COLUMNS, milliseconds, state_of, state_values
from enrich.store.database import Database, Row
from enrich.store.history import ALIVE, Confirmation, Side, has_crossed, merge, side_of
from enrich.store.protocol import Run

# What is known of a target in this run, apart from its id.
_SELECTED = "host, kind, by_api, linked, skip, due, wants_metadata, deferred, stated, asked_last, expected"


def record(
    db: Database, run: Run, results: Sequence[CheckResult], rule: Confirmation
) -> Sequence[TargetState]:
    """Store results; the states that now stand. Inside a transaction."""
    return [_record_one(db, run, result, rule) for result in results]


def _record_one(db: Database, run: Run, result: CheckResult, rule: Confirmation) -> TargetState:
    if result.alias and result.verdict.status is Status.OK and result.alias != result.target_id:
        result = _merge_alias(db, result)
    if db.execute("DELETE FROM doubted WHERE target_id = ?", (result.target_id,)).rowcount:
        forget(db, [result.target_id])
    row = db.execute("SELECT * FROM target WHERE id = ?", (result.target_id,)).fetchone()
    assert row is not None, f"a result for a target that was never added: {result.target_id}"
    old = state_of(row)
    state = merge(old, result, rule)
    assignments = ", ".join(f"{column} = ?" for column in STATE_COLUMNS)
    db.execute(
        f"UPDATE target SET {assignments}, attempted_status = ? WHERE id = ?",  # noqa: S608 - constant names
        (*state_values(state), result.verdict.status, result.target_id),
    )
    _record_metadata(db, row, result)
    if has_crossed(old, state):
        _record_change(db, run, result, old, state)
    _append(db, run, result)
    db.execute(
        "UPDATE selected SET due = 3, deferred = NULL, stated = ? WHERE target_id = ?",
        (state.checked_at == result.at, result.target_id),
    )
    return state


def _append(db: Database, run: Run, result: CheckResult) -> None:
    verdict = result.verdict
    db.execute(
        "INSERT INTO checks (target_id, run_id, at, status, reason, detail, http_status, attempts, elapsed_ms, withheld) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (result.target_id, run.id, milliseconds(result.at), verdict.status, verdict.reason, verdict.detail,
         result.http_status, result.attempts, round(result.elapsed_seconds * 1000), result.withheld is not None),
    )  # fmt: skip
    if isinstance(result.metadata, Repository):
        _append_of_repository(db, result, result.metadata)


def _append_of_repository(db: Database, result: CheckResult, repository: Repository) -> None:
    """The stars of the day, and the number of the repository that had the name first."""
    if repository.stars is not None:
        db.execute(
            "INSERT INTO star VALUES (?, ?, ?) ON CONFLICT (target_id, day) DO UPDATE SET stars = excluded.stars",
            (result.target_id, f"{result.at:%Y-%m-%d}", repository.stars),
        )
    db.execute(
        "UPDATE target SET first_repository_id = ? WHERE id = ? AND first_repository_id IS NULL",
        (repository.repository_id, result.target_id),
    )


def _record_change(
    db: Database, run: Run, result: CheckResult, old: TargetState, state: TargetState
) -> None:
    """Note that a target went or came back, and by which reason it was gone."""
    was, became, reason = side_of(old), side_of(state), state.reason
    if became is Side.ALIVE:
        # A link that was called broken and only timed out later was broken all the same.
        gone = (Side.BROKEN, old.reason) if was is Side.BROKEN else _last_broken(db, result.target_id, old)
        was, reason = gone or (was, old.reason)
    db.execute(
        "INSERT INTO change (target_id, run_id, at, was, became, reason) VALUES (?, ?, ?, ?, ?, ?)",
        (result.target_id, run.id, milliseconds(result.at), was, became, reason),
    )


def _last_broken(db: Database, target_id: str, old: TargetState) -> tuple[Side, str] | None:
    row = db.execute(
        "SELECT reason FROM checks WHERE target_id = ? AND at >= ? AND status = 'broken' AND withheld = 0 "
        "ORDER BY at DESC LIMIT 1",
        (target_id, milliseconds(old.first_failed_at)),
    ).fetchone()
    return (Side.BROKEN, str(row["reason"])) if row else None


def _record_metadata(db: Database, row: Row, result: CheckResult) -> None:
    """New metadata replace old ones; old ones are kept, marked stale, when new ones were wanted in vain.

    Those of a source that stands in for a better one replace only their like.
    """
    at, id_ = milliseconds(result.at), result.target_id
    is_worse = result.metadata_source in SECOND_HAND and row["metadata_source"] not in {None, *SECOND_HAND}
    if result.metadata is not None and not is_worse:
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


def _merge_alias(db: Database, result: CheckResult) -> CheckResult:
    """Two ids turned out to be one target: what is known and linked moves to the id of the alias."""
    old, new = result.target_id, result.alias
    assert new is not None, "called with an alias"
    columns = db.execute("SELECT * FROM target LIMIT 0").description or ()
    names = ", ".join(column[0] for column in columns if column[0] != "id")
    db.execute(
        f"INSERT INTO target (id, {names}) SELECT ?, {names} FROM target WHERE id = ? "  # noqa: S608 - names of columns
        "ON CONFLICT DO NOTHING",
        (new, old),
    )
    # The one address has just opened; the other may be one that never does.
    db.execute(
        "UPDATE target SET (url, host) = (SELECT url, host FROM target WHERE id = ?) WHERE id = ?",
        (old, new),
    )
    db.execute(
        f"INSERT INTO selected (target_id, {_SELECTED}) SELECT ?, {_SELECTED} FROM selected "  # noqa: S608
        "WHERE target_id = ? ON CONFLICT DO NOTHING",
        (new, old),
    )
    db.execute("UPDATE selected SET linked = 1, skip = NULL WHERE target_id = ?", (new,))
    db.execute("UPDATE link SET target_id = ? WHERE target_id = ?", (new, old))
    db.execute("UPDATE checks SET target_id = ? WHERE target_id = ?", (new, old))
    db.execute("UPDATE change SET target_id = ? WHERE target_id = ?", (new, old))
    db.execute("DELETE FROM selected WHERE target_id = ?", (old,))
    db.execute("DELETE FROM target WHERE id = ?", (old,))
    db.execute(
        "INSERT INTO alias VALUES (?, ?, ?) "
        "ON CONFLICT (alias) DO UPDATE SET target_id = excluded.target_id, since = excluded.since",
        (old, new, milliseconds(result.at)),
    )
    return replace(result, target_id=new)


def forget_metadata(db: Database, target_ids: Iterable[str]) -> None:
    """Take back metadata that cannot be read, so that they are asked for again; inside a transaction."""
    db.executemany(
        "UPDATE target SET metadata = NULL, metadata_source = NULL, metadata_fetched_at = NULL, "
        "metadata_tried_at = NULL, metadata_stale = 0 WHERE id = ?",
        [(id_,) for id_ in target_ids],
    )
