"""What a check found out goes in: the new state, the check itself, metadata, and ids that turned out to be one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from enrich.codec import encode
from enrich.model import ALIVE, SECOND_HAND, CheckResult, Repository, Status, TargetState
from enrich.store import standing
from enrich.store.belief import forget
from enrich.store.columns import STATE_COLUMNS, milliseconds, state_from, state_values
from enrich.store.database import Database
from enrich.store.history import Confirmation, Side, has_crossed, merge, side_of
from enrich.store.protocol import Run

# What a result is merged with, of many targets at once; and what then stands.
_KNOWN = f"id, has_metadata, metadata_source, {', '.join(STATE_COLUMNS)}"
_KNOWN_OF = (
    "SELECT *, CASE WHEN metadata IS NULL THEN 0 ELSE 1 END AS has_metadata FROM target WHERE id IN ({ids})"
)
_DOUBTED_OF = "SELECT target_id FROM doubted WHERE target_id IN ({ids})"
_STATE = f"{', '.join(STATE_COLUMNS)}, attempted_status"
_CHECK = "target_id, run_id, at, status, reason, detail, http_status, attempts, elapsed_ms, withheld"
_METADATA = "metadata, metadata_source, metadata_fetched_at, metadata_tried_at, metadata_stale"
# What is known of a target in this run, apart from its id.
_SELECTED = "host, kind, by_api, linked, skip, due, wants_metadata, deferred, stated, asked_last, expected"


def record(
    db: Database, run: Run, results: Sequence[CheckResult], rule: Confirmation
) -> Sequence[TargetState]:
    """Store results; the states that now stand. Inside a transaction."""
    return [state for wave in _waves(db, results) for state in _record_wave(db, run, wave, rule)]


def _waves(db: Database, results: Iterable[CheckResult]) -> Iterator[list[CheckResult]]:
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
    db: Database, run: Run, results: Sequence[CheckResult], rule: Confirmation
) -> Sequence[TargetState]:
    """Store results of different targets: what is known of all of them is read at once, and written at once."""
    known = _known(db, [result.target_id for result in results])
    states = []
    for result in results:
        before = known.get(result.target_id)
        assert before is not None, f"a result for a target that was never added: {result.target_id}"
        states.append(state := merge(before.state, result, rule))
        if has_crossed(before.state, state):
            _record_change(db, run, result, before.state, state)
    _record_metadata(db, [(known[result.target_id], result) for result in results])
    _write(db, run, list(zip(results, states, strict=True)))
    return states


class _Before(NamedTuple):
    """What is known of a target before a result."""

    has_metadata: bool
    metadata_source: str | None
    state: TargetState


def _known(db: Database, ids: Sequence[str]) -> dict[str, _Before]:
    """What is known of targets by their ids; what is not believed is forgotten first."""
    if doubted := [id_ for (id_,) in db.together_of(ids, _DOUBTED_OF, "target_id")]:
        db.executemany("DELETE FROM doubted WHERE target_id = ?", [(id_,) for id_ in doubted])
        forget(db, doubted)
    rows = db.together_of(ids, _KNOWN_OF, _KNOWN)
    return {id_: _Before(bool(has), source, state_from(state)) for id_, has, source, *state in rows}


def _write(db: Database, run: Run, recorded: Sequence[tuple[CheckResult, TargetState]]) -> None:
    db.update(
        "target",
        "id",
        _STATE,
        [(*state_values(state), one.verdict.status.value, one.target_id) for one, state in recorded],
    )
    db.insert(
        "checks",
        _CHECK,
        [
            (one.target_id, run.id, milliseconds(one.at), one.verdict.status.value, one.verdict.reason,
             one.verdict.detail, one.http_status, one.attempts, round(one.elapsed_seconds * 1000),
             int(one.withheld is not None))
            for one, _ in recorded
        ],
    )  # fmt: skip
    db.update(
        "selected",
        "target_id",
        "due, deferred, stated",
        [(3, None, int(state.checked_at == one.at), one.target_id) for one, state in recorded],
    )
    _append_of_repositories(
        db, [(one, one.metadata) for one, _ in recorded if isinstance(one.metadata, Repository)]
    )


def _append_of_repositories(db: Database, found: Sequence[tuple[CheckResult, Repository]]) -> None:
    """The stars of the day, and the number of the repository that had the name first."""
    db.insert(
        "star",
        "target_id, day, stars",
        [(one.target_id, f"{one.at:%Y-%m-%d}", of.stars) for one, of in found if of.stars is not None],
        "ON CONFLICT (target_id, day) DO UPDATE SET stars = excluded.stars",
    )
    db.executemany(
        "UPDATE target SET first_repository_id = ? WHERE id = ? AND first_repository_id IS NULL",
        [(of.repository_id, one.target_id) for one, of in found],
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


def _record_metadata(db: Database, results: Iterable[tuple[_Before, CheckResult]]) -> None:
    changes = [one for before, result in results if (one := _metadata_change(before, result)) is not None]
    for columns in sorted({columns for columns, _ in changes}):
        db.update("target", "id", columns, [values for of, values in changes if of == columns])


def _metadata_change(before: _Before, result: CheckResult) -> tuple[str, tuple[object, ...]] | None:
    """New metadata replace old ones; old ones are kept, marked stale, when new ones were wanted in vain.

    Those of a source that stands in for a better one replace only their like. Which columns, and their values and the id.
    """
    at, id_ = milliseconds(result.at), result.target_id
    is_worse = result.metadata_source in SECOND_HAND and before.metadata_source not in {None, *SECOND_HAND}
    if result.metadata is not None and not is_worse:
        return _METADATA, (encode(result.metadata).decode(), result.metadata_source, at, at, 0, id_)
    if result.wanted_metadata and before.has_metadata:
        return "metadata_tried_at, metadata_stale", (at, 1, id_)
    if result.wanted_metadata and result.verdict.status in ALIVE:
        if result.lacks_page:
            return "metadata_tried_at", (at, id_)
        # It is there and has nothing to say about itself; that counts as an answer.
        return "metadata_tried_at, metadata_fetched_at", (at, at, id_)
    return None


def _merge_alias(db: Database, result: CheckResult) -> CheckResult:
    """Two ids turned out to be one target: what is known and linked moves to the id of the alias."""
    old, new = result.target_id, result.alias
    assert new is not None, "called with an alias"
    standing.disturb(db)
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
