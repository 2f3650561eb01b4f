"""What a check found out goes in: the new state, the check itself, metadata, and ids that turned out to be one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from enrich.codec import encode
from enrich.model import SECOND_HAND, CheckResult, Repository, Status, TargetState
from enrich.store import many
from enrich.store.belief import forget
from enrich.store.columns import STATE_COLUMNS, milliseconds, state_from, state_values
from enrich.store.history import ALIVE, Confirmation, Side, has_crossed, merge, side_of
from enrich.store.protocol import Run
from enrich.store.schema import Transaction

# What a result is merged with, of many targets at once; and what then stands.
_KNOWN = f"""
SELECT json_group_array(json_array(id, metadata IS NOT NULL, metadata_source, {", ".join(STATE_COLUMNS)}))
FROM target WHERE id IN (VALUES {{rows}})
"""  # noqa: S608 - names from a constant
_STATE = f"""
UPDATE target SET attempted_status = new.column2,
    {", ".join(f"{column} = new.column{place}" for place, column in enumerate(STATE_COLUMNS, 3))}
FROM (VALUES {{rows}}) AS new WHERE id = new.column1
"""  # noqa: S608 - names from a constant
_CHECK = (
    "INSERT INTO checks (target_id, run_id, at, status, reason, detail, http_status, attempts, elapsed_ms, withheld) "
    "VALUES {rows}"
)
_RECORDED = (
    "UPDATE selected SET due = 3, deferred = NULL, stated = new.column2 "
    "FROM (VALUES {rows}) AS new WHERE target_id = new.column1"
)
_DOUBTED = "SELECT target_id FROM doubted WHERE target_id IN (VALUES {rows})"
_stored = msgspec.json.Decoder(list[list[Any]])
# What is known of a target in this run, apart from its id.
_SELECTED = "host, kind, by_api, linked, skip, due, wants_metadata, deferred, stated, asked_last, expected"


def record(
    db: sqlite3.Connection, run: Run, results: Sequence[CheckResult], rule: Confirmation
) -> Sequence[TargetState]:
    """Store results in one transaction; the states that now stand."""
    with Transaction(db):
        return [state for wave in _waves(db, results) for state in _record_wave(db, run, wave, rule)]


def _waves(db: sqlite3.Connection, results: Iterable[CheckResult]) -> Iterator[list[CheckResult]]:
    """Results in their order, as many together as are of different targets.

    Two ids that turn out to be one target become one only when what came before is stored.
    """
    wave: dict[str, CheckResult] = {}
    for result in results:
        is_same = (
            bool(result.alias) and result.verdict.status is Status.OK and result.alias != result.target_id
        )
        if wave and (is_same or result.target_id in wave):
            yield list(wave.values())
            wave = {}
        one = _merge_alias(db, result) if is_same else result
        wave[one.target_id] = one
    yield list(wave.values())


def _record_wave(
    db: sqlite3.Connection, run: Run, results: Sequence[CheckResult], rule: Confirmation
) -> Sequence[TargetState]:
    """Store results of different targets: what is known of all of them is read at once, and written at once."""
    known = _known(db, [result.target_id for result in results])
    states = []
    for result in results:
        before = known.get(result.target_id)
        assert before is not None, f"a result for a target that was never added: {result.target_id}"
        states.append(state := merge(before.state, result, rule))
        _record_metadata(db, before, result)
        if has_crossed(before.state, state):
            _record_change(db, run, result, before.state, state)
    _write(db, run, list(zip(results, states, strict=True)))
    return states


@dataclass(frozen=True, slots=True)
class _Before:
    """What is known of a target before a result."""

    has_metadata: bool
    metadata_source: str | None
    state: TargetState


def _known(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, _Before]:
    """What is known of targets by their ids; what is not believed is forgotten first."""
    if doubted := [(id_,) for id_ in many.select(db, _DOUBTED, ids)]:
        db.executemany("DELETE FROM doubted WHERE target_id = ?", doubted)
        forget(db, [id_ for (id_,) in doubted])
    rows = (row for part in many.select(db, _KNOWN, ids) for row in _stored.decode(part))
    return {id_: _Before(bool(has), source, state_from(state)) for id_, has, source, *state in rows}


def _write(db: sqlite3.Connection, run: Run, recorded: Sequence[tuple[CheckResult, TargetState]]) -> None:
    many.execute(
        db, _STATE, [(one.target_id, one.verdict.status.value, *state_values(state)) for one, state in recorded]
    )  # fmt: skip
    checks = [
        (one.target_id, run.id, milliseconds(one.at), one.verdict.status.value, one.verdict.reason,
         one.verdict.detail, one.http_status, one.attempts, round(one.elapsed_seconds * 1000),
         int(one.withheld is not None))
        for one, _ in recorded
    ]  # fmt: skip
    many.execute(db, _CHECK, checks)
    many.execute(
        db, _RECORDED, [(one.target_id, int(state.checked_at == one.at)) for one, state in recorded]
    )
    for one, _ in recorded:
        if isinstance(one.metadata, Repository):
            _append_of_repository(db, one, one.metadata)


def _append_of_repository(db: sqlite3.Connection, result: CheckResult, repository: Repository) -> None:
    """The stars of the day, and the number of the repository that had the name first."""
    if repository.stars is not None:
        db.execute(
            "INSERT OR REPLACE INTO star VALUES (?, ?, ?)",
            (result.target_id, f"{result.at:%Y-%m-%d}", repository.stars),
        )
    db.execute(
        "UPDATE target SET first_repository_id = ? WHERE id = ? AND first_repository_id IS NULL",
        (repository.repository_id, result.target_id),
    )


def _record_change(
    db: sqlite3.Connection, run: Run, result: CheckResult, old: TargetState, state: TargetState
) -> None:
    """Note that a target went or came back, and by which reason it was gone."""
    was, became, reason = side_of(old), side_of(state), state.reason
    if became is Side.ALIVE:
        # A link that was called broken and only timed out later was broken all the same.
        gone = (Side.BROKEN, old.reason) if was is Side.BROKEN else _last_broken(db, result.target_id, old)
        was, reason = gone or (was, old.reason)
    db.execute(
        "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?)",
        (result.target_id, run.id, milliseconds(result.at), was, became, reason),
    )


def _last_broken(db: sqlite3.Connection, target_id: str, old: TargetState) -> tuple[Side, str] | None:
    row = db.execute(
        "SELECT reason FROM checks WHERE target_id = ? AND at >= ? AND status = 'broken' AND NOT withheld "
        "ORDER BY at DESC LIMIT 1",
        (target_id, milliseconds(old.first_failed_at)),
    ).fetchone()
    return (Side.BROKEN, str(row["reason"])) if row else None


def _record_metadata(db: sqlite3.Connection, before: _Before, result: CheckResult) -> None:
    """New metadata replace old ones; old ones are kept, marked stale, when new ones were wanted in vain.

    Those of a source that stands in for a better one replace only their like.
    """
    at, id_ = milliseconds(result.at), result.target_id
    is_worse = result.metadata_source in SECOND_HAND and before.metadata_source not in {None, *SECOND_HAND}
    if result.metadata is not None and not is_worse:
        db.execute(
            "UPDATE target SET metadata = ?, metadata_source = ?, metadata_fetched_at = ?, "
            "metadata_tried_at = ?, metadata_stale = 0 WHERE id = ?",
            (encode(result.metadata).decode(), result.metadata_source, at, at, id_),
        )
    elif result.wanted_metadata and before.has_metadata:
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
    db.execute("UPDATE change SET target_id = ? WHERE target_id = ?", (new, old))
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
