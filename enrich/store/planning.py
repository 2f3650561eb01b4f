"""Which targets are asked in a run, and in which order.

``selected.due`` goes from 0 (not due) over 1 (due) and 2 (taken) to 3 (recorded).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from enrich.model import SECOND_HAND, Status
from enrich.registry import kinds
from enrich.store.belief import CLOCKS_DIFFER, doubt
from enrich.store.columns import milliseconds, moment, target_of
from enrich.store.history import ALIVE
from enrich.store.protocol import Ages, DueTarget, ExpectedTurns, Run
from enrich.store.schema import Transaction, Unsynced


def _is_past(age: str, spread: str) -> str:
    """Whether a verdict has lasted its time. The dice are thrown only where they decide."""
    earliest = f"t.attempted_at + {age} - {spread} <= :now"
    return f"({earliest} AND t.attempted_at + {age} + jitter(t.id, t.attempted_at, {spread}) <= :now)"


_SECOND_HAND = ", ".join(f"'{source}'" for source in sorted(SECOND_HAND))
# Whether the last attempt to get metadata succeeded, and not by a source that only stands in.
_HAS_METADATA = f"""(t.metadata_fetched_at = t.metadata_tried_at
    AND coalesce(t.metadata_source, '') NOT IN ({_SECOND_HAND}))"""

# Whether a verdict, or the metadata, are old enough to be asked for again. A time in the future counts as
# old: somebody's clock was wrong. A kind whose verdicts last no time is asked in every run, whatever was found.
_VERDICT_DUE = f"""(t.attempted_at IS NULL OR t.attempted_at > :now OR :refresh OR (:broken_again AND t.status = 'broken')
    OR a.ok = 0 OR t.id IN (SELECT target_id FROM doubted) OR CASE
        WHEN :max_age IS NOT NULL THEN t.attempted_at + :max_age <= :now
        WHEN t.attempted_status IN ('ok', 'redirected') THEN {_is_past("a.ok", "a.spread")}
        WHEN t.status = 'broken' AND t.confirmed THEN {_is_past(":confirmed", ":confirmed_spread")}
        WHEN t.attempted_status = 'blocked' AND selected.asked_last THEN t.attempted_at + :confirmed <= :now
        WHEN t.attempted_status = 'blocked' THEN t.attempted_at + :blocked <= :now
        WHEN t.attempted_status = 'broken' THEN t.attempted_at + :broken <= :now
        ELSE t.attempted_at + :unreachable <= :now END)"""  # noqa: S608 - made of constants
# Of a kind that an API describes, what the API has no question for (a wiki, a list of releases) has no metadata ever.
_METADATA_DUE = f"""(:metadata AND (selected.by_api OR t.metadata IS NOT NULL
        OR t.kind NOT IN (SELECT value FROM json_each(:described_by_api)))
    AND (t.metadata_tried_at IS NULL OR t.metadata_tried_at > :now OR :refresh
    OR t.id IN (SELECT target_id FROM doubted) OR t.metadata_tried_at + coalesce(:max_age, CASE
        WHEN {_HAS_METADATA} THEN a.metadata ELSE :unreachable END) <= :now))"""  # noqa: S608 - made of constants
# Metadata that outlast a verdict wait for its next check, at which they cost nothing and which is not on the
# same night for all.
_METADATA_WAIT = f"""({_HAS_METADATA} AND t.metadata_tried_at <= :now
    AND a.metadata > a.ok AND :max_age IS NULL)"""
# Wanted metadata are 2 where they are all that is due: the verdict is fresh.
_PLAN = f"""
UPDATE selected SET (due, wants_metadata) = (
    SELECT {_VERDICT_DUE} OR ({_METADATA_DUE} AND {_METADATA_WAIT} IS NOT TRUE
        AND (t.status IS NULL OR t.status IN ('ok', 'redirected'))),
        {_METADATA_DUE} + ({_METADATA_DUE} AND {_VERDICT_DUE} IS NOT TRUE)
    FROM target t JOIN age a ON a.kind = t.kind WHERE t.id = selected.target_id)
WHERE skip IS NULL AND NOT EXISTS (
    SELECT 1 FROM target t JOIN age a ON a.kind = t.kind WHERE t.id = selected.target_id AND :resumed
        AND t.attempted_at BETWEEN :started AND :now AND a.ok > 0)
"""  # noqa: S608 - made of constants above

# Whether a page that said it was gone, under a status that did not, is back, only the page shows.
#
# Never asked, then broken but not confirmed, then no answer last time: those cost a time-out each, and begun
# late they would be all that a run still waits for; so would those that were slow. Then the oldest. What hardly ever
# opens comes after all of it.
_SLOW_MILLISECONDS = 2000
_WAS_SLOW = f"""(SELECT c.elapsed_ms >= {_SLOW_MILLISECONDS} FROM checks c
    WHERE c.target_id = t.id AND c.at = t.attempted_at)"""  # noqa: S608 - made of a constant
_DOUBTED = "t.id IN (SELECT target_id FROM doubted)"
_ORDER = f"""s.asked_last, CASE WHEN t.attempted_at IS NULL OR {_DOUBTED} THEN 0
    WHEN t.status = 'broken' AND NOT t.confirmed THEN 1
    WHEN t.attempted_status = 'unreachable' THEN 2 WHEN {_WAS_SLOW} THEN 3 ELSE 4 END, {{age}}, t.id"""
_TAKE = f"""
SELECT t.id, t.url, t.kind, t.host, t.parent, t.stands_for, t.status, t.first_failed_at, s.asked_last,
    s.wants_metadata OR t.reason IS 'soft-404' AS wants_metadata,
    s.wants_metadata AND t.metadata IS NULL AS lacks_metadata,
    {_DOUBTED} AS doubted
FROM selected s JOIN target t ON t.id = s.target_id WHERE s.due = 1 AND s.by_api = ? AND {{column}} = ?
ORDER BY {_ORDER} LIMIT ?
"""  # noqa: S608 - made of constants
# An API that answers for a few a night gives news to those whose news are oldest: the page of a repository told
# the same night that all others are there, so that the last question would always choose the same few.
_OLDEST_ASKED = "t.attempted_at"
_OLDEST_NEWS = "CASE WHEN t.metadata IS NULL THEN 0 ELSE t.metadata_fetched_at END, t.attempted_at"

# Those that wait for a turn at their host, in the order in which they will be asked.
_WAITING = f"""
SELECT t.id FROM selected s JOIN target t ON t.id = s.target_id
WHERE s.deferred = 'host-deferred' AND s.by_api = 0 AND s.host = ? ORDER BY {_ORDER.format(age=_OLDEST_ASKED)}
"""  # noqa: S608 - made of constants


def plan(db: sqlite3.Connection, run: Run, ages: Ages, now: datetime) -> int:
    """Decide which targets of this run are due; how many there are."""
    with Transaction(db):
        doubt(db, now)
        db.execute("DELETE FROM age")
        rows = [
            (kind, _ms(ok), _ms(ages.spread_by_kind.get(kind, 0.0)), _ms(metadata))
            for kind, (ok, metadata) in ages.by_kind.items()
        ]
        db.executemany("INSERT INTO age VALUES (?, ?, ?, ?)", rows)
        db.execute(_PLAN, _parameters(run, ages, now))
        return int(db.execute("SELECT count(*) FROM selected WHERE due = 1").fetchone()[0])


def _parameters(run: Run, ages: Ages, now: datetime) -> dict[str, object]:
    return {
        "now": milliseconds(now), "refresh": ages.refresh, "broken_again": ages.broken_again,
        "max_age": None if ages.max_age is None else _ms(ages.max_age),
        "broken": _ms(ages.broken), "blocked": _ms(ages.blocked), "unreachable": _ms(ages.unreachable),
        "confirmed": _ms(ages.confirmed), "confirmed_spread": _ms(ages.confirmed_spread),
        "described_by_api": json.dumps([kind.name for kind in kinds().values() if kind.look_up is not None]),
        "metadata": ages.metadata, "resumed": run.resumed, "started": milliseconds(run.started_at),
    }  # fmt: skip


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def take_of_host(db: sqlite3.Connection, host: str, limit: int) -> list[DueTarget]:
    """Take due targets that are asked at their own address, the most urgent first."""
    return _take(db, ("s.host", _OLDEST_ASKED), 0, host, limit)


def take_for_api(db: sqlite3.Connection, kind: str, limit: int) -> list[DueTarget]:
    """Take due targets of a kind that its API can decide, the most urgent first, then those with the oldest news."""
    return _take(db, ("s.kind", _OLDEST_NEWS), 1, kind, limit)


def _take(
    db: sqlite3.Connection, by: tuple[str, str], by_api: int, value: str, limit: int
) -> list[DueTarget]:
    column, age = by
    with Unsynced(db):
        rows = db.execute(_TAKE.format(column=column, age=age), (by_api, value, limit)).fetchall()
        db.executemany("UPDATE selected SET due = 2 WHERE target_id = ?", [(row["id"],) for row in rows])
    return [_due_target(row) for row in rows]


def _due_target(row: sqlite3.Row) -> DueTarget:
    was = Status(row["status"]) if row["status"] and not row["doubted"] else None
    return DueTarget(
        target=target_of(row),
        wants_metadata=bool(row["wants_metadata"]),
        lacks_metadata=bool(row["lacks_metadata"]),
        was=was,
        last=bool(row["asked_last"]),
        doubted_since=moment(row["first_failed_at"]) if was in ALIVE else None,
    )


def defer_host(db: sqlite3.Connection, host: str, reason: str, keep: int) -> int:
    """Defer all due targets of a host but the ``keep`` most urgent; how many were deferred."""
    with Transaction(db):
        rows = db.execute(_TAKE.format(column="s.host", age=_OLDEST_ASKED), (0, host, -1)).fetchall()[keep:]
        defer(db, [row["id"] for row in rows], reason)
    return len(rows)


def defer(db: sqlite3.Connection, ids: Sequence[str], reason: str) -> None:
    """Say why targets were not asked in this run; inside a transaction."""
    db.executemany(
        "UPDATE selected SET due = 0, deferred = ? WHERE target_id = ?", [(reason, id_) for id_ in ids]
    )


def asked_since(db: sqlite3.Connection, host: str, since: datetime) -> int:
    """How many checks of a host's targets were made in the day from then on, in any run."""
    query = (
        "SELECT count(*) FROM checks c JOIN target t ON t.id = c.target_id "
        "WHERE c.at > ? AND c.at <= ? AND t.host = ?"
    )
    # What a wrong clock dated in the future is not of the last day.
    limits = (milliseconds(since), milliseconds(since + timedelta(days=1) + CLOCKS_DIFFER), host)
    return int(db.execute(query, limits).fetchone()[0])


def waiting(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Hosts with targets that wait for a turn at their own address, and how many, by name."""
    query = (
        "SELECT host, count(*) FROM selected WHERE deferred = 'host-deferred' AND by_api = 0 AND linked = 1 "
        "GROUP BY host ORDER BY host"
    )
    return [(row[0], row[1]) for row in db.execute(query)]


def expect(db: sqlite3.Connection, expected: ExpectedTurns) -> None:
    """Say of all that wait for a turn at a host when it is expected; inside a transaction."""
    ids = [row["id"] for row in db.execute(_WAITING, (expected.host,))]
    share = expected.share or len(ids) + 1
    rows = ((expected.told(1 + place // share), id_) for place, id_ in enumerate(ids))
    db.executemany("UPDATE selected SET expected = ? WHERE target_id = ?", rows)
