"""Which targets are asked in a run, and in which order.

``selected.due`` goes from 0 (not due) over 1 (due) and 2 (taken) to 3 (recorded).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from enrich.model import ALIVE, SECOND_HAND, Target
from enrich.registry import kinds
from enrich.store import standing
from enrich.store.ages import jitter
from enrich.store.belief import CLOCKS_DIFFER, doubt
from enrich.store.columns import STATUSES, milliseconds, moment
from enrich.store.database import Database, Dialect
from enrich.store.protocol import Ages, DueTarget, ExpectedTurns, Run

# As many rows as there are.
_ALL = 1 << 62
_SECOND_HAND = ", ".join(f"'{source}'" for source in sorted(SECOND_HAND))
# Whether the last attempt to get metadata succeeded, and not by a source that only stands in.
_HAS_METADATA = f"""(t.metadata_fetched_at = t.metadata_tried_at
    AND coalesce(t.metadata_source, '') NOT IN ({_SECOND_HAND}))"""

# Whether a verdict, or the metadata, are old enough to be asked for again. A time in the future counts as
# old: somebody's clock was wrong. A kind whose verdicts last no time is asked in every run, whatever was found.
_VERDICT_DUE = """(t.attempted_at IS NULL OR t.attempted_at > :now OR :refresh = 1
    OR (:broken_again = 1 AND t.status = 'broken') OR a.ok = 0 OR t.id IN (SELECT target_id FROM doubted) OR CASE
        WHEN CAST(:max_age AS BIGINT) IS NOT NULL THEN t.attempted_at + CAST(:max_age AS BIGINT) <= :now
        WHEN t.attempted_status IN ('ok', 'redirected') THEN {of_alive}
        WHEN t.status = 'broken' AND t.confirmed = 1 THEN {of_confirmed}
        WHEN t.attempted_status = 'blocked' AND selected.asked_last = 1 THEN t.attempted_at + :confirmed <= :now
        WHEN t.attempted_status = 'blocked' THEN t.attempted_at + :blocked <= :now
        WHEN t.attempted_status = 'broken' THEN t.attempted_at + :broken <= :now
        ELSE t.attempted_at + :unreachable <= :now END)"""
# Of a kind that an API describes, what the API has no question for (a wiki, a list of releases) has no metadata ever.
_METADATA_DUE = f"""(:metadata = 1 AND (selected.by_api = 1 OR t.metadata IS NOT NULL
        OR t.kind NOT IN (SELECT value FROM {{described_by_api}}))
    AND (t.metadata_tried_at IS NULL OR t.metadata_tried_at > :now OR :refresh = 1
    OR t.id IN (SELECT target_id FROM doubted) OR t.metadata_tried_at + coalesce(CAST(:max_age AS BIGINT), CASE
        WHEN {_HAS_METADATA} THEN a.metadata ELSE :unreachable END) <= :now))"""  # noqa: S608 - made of constants
# Metadata that outlast a verdict wait for its next check, at which they cost nothing and which is not on the
# same night for all.
_METADATA_WAIT = f"""({_HAS_METADATA} AND t.metadata_tried_at <= :now
    AND a.metadata > a.ok AND CAST(:max_age AS BIGINT) IS NULL)"""
# Wanted metadata are 2 where they are all that is due: the verdict is fresh. Only what changes is written, and a
# rule that throws dice stands where it is asked only if it decides: in a night with nothing due that is most of all.
_PLAN = f"""
UPDATE selected SET due = new.due, wants_metadata = new.wants
FROM (
    SELECT selected.target_id,
        CASE WHEN {_VERDICT_DUE} THEN 1 WHEN {_METADATA_DUE} AND {_METADATA_WAIT} IS NOT TRUE
            AND (t.status IS NULL OR t.status IN ('ok', 'redirected')) THEN 1 ELSE 0 END AS due,
        CASE WHEN NOT {_METADATA_DUE} THEN 0 WHEN {_VERDICT_DUE} THEN 1 ELSE 2 END AS wants
    FROM selected JOIN target t ON t.id = selected.target_id JOIN age a ON a.kind = t.kind
    WHERE skip IS NULL AND (:resumed = 1 AND t.attempted_at BETWEEN :started AND :now AND a.ok > 0) IS NOT TRUE
) AS new
WHERE new.target_id = selected.target_id AND (new.due <> selected.due OR new.wants <> selected.wants_metadata)
"""  # noqa: S608 - made of constants above

# Of those the dice decide about, when they were asked and by how much their age may vary.
_UNDECIDED = """
SELECT id, attempted_at, spread FROM (
    SELECT t.id, t.attempted_at,
        CASE WHEN t.attempted_status IN ('ok', 'redirected') THEN a.ok ELSE :confirmed END AS age,
        CASE WHEN t.attempted_status IN ('ok', 'redirected') THEN a.spread ELSE :confirmed_spread END AS spread
    FROM selected s JOIN target t ON t.id = s.target_id JOIN age a ON a.kind = t.kind
    WHERE t.attempted_status IN ('ok', 'redirected') OR (t.status = 'broken' AND t.confirmed = 1)) AS spread_out
WHERE attempted_at + age - spread <= :now AND attempted_at + age + spread > :now
"""

# Whether a page that said it was gone, under a status that did not, is back, only the page shows.
#
# Never asked, then broken but not confirmed, then no answer last time: those cost a time-out each, and begun
# late they would be all that a run still waits for; so would those that were slow. Then the oldest. What hardly ever
# opens comes after all of it.
_SLOW_MILLISECONDS = 2000
_WAS_SLOW = f"""(SELECT c.elapsed_ms >= {_SLOW_MILLISECONDS} FROM checks c
    WHERE c.target_id = t.id AND c.at = t.attempted_at LIMIT 1)"""  # noqa: S608 - made of a constant
_DOUBTED = "t.id IN (SELECT target_id FROM doubted)"
_ORDER = f"""s.asked_last, CASE WHEN t.attempted_at IS NULL OR {_DOUBTED} THEN 0
    WHEN t.status = 'broken' AND t.confirmed = 0 THEN 1
    WHEN t.attempted_status = 'unreachable' THEN 2 WHEN {_WAS_SLOW} THEN 3 ELSE 4 END, {{age}}, t.id"""
_TAKE = f"""
SELECT t.id, t.url, t.kind, t.host, t.parent, t.stands_for,
    CASE WHEN NOT {_DOUBTED} THEN t.status END AS status,
    CASE WHEN NOT {_DOUBTED} THEN t.first_failed_at END AS failed_at, s.asked_last,
    s.wants_metadata > 0 OR coalesce(t.reason, '') = 'soft-404' AS wants_metadata,
    s.wants_metadata > 0 AND t.metadata IS NULL AS lacks_metadata
FROM selected s JOIN target t ON t.id = s.target_id WHERE s.due = 1 AND s.by_api = ? AND {{column}} = ?
ORDER BY {_ORDER} LIMIT ?
"""  # noqa: S608 - made of constants
# An API that answers for a few a night gives news to those whose news are oldest: the page of a repository told
# the same night that all others are there, so that the last question would always choose the same few.
_OLDEST_ASKED = "t.attempted_at NULLS FIRST"
_OLDEST_NEWS = (
    f"CASE WHEN t.metadata IS NULL THEN 0 ELSE t.metadata_fetched_at END NULLS FIRST, {_OLDEST_ASKED}"
)

_TAKEN = (
    "id, url, kind, host, parent, stands_for, status, failed_at, asked_last, wants_metadata, lacks_metadata"
)
_TAKE_OF_HOST = _TAKE.format(column="s.host", age=_OLDEST_ASKED)
_TAKE_FOR_API = _TAKE.format(column="s.kind", age=_OLDEST_NEWS)

# Those that wait for a turn at their host, in the order in which they will be asked.
_WAITING = f"""
SELECT t.id FROM selected s JOIN target t ON t.id = s.target_id
WHERE s.deferred = 'host-deferred' AND s.by_api = 0 AND s.host = ? ORDER BY {_ORDER.format(age=_OLDEST_ASKED)}
"""  # noqa: S608 - made of constants


def plan(db: Database, run: Run, ages: Ages, now: datetime) -> int:
    """Decide which targets of this run are due; how many there are. Inside a transaction."""
    doubt(db, now)
    db.execute("DELETE FROM age")
    rows = [
        (kind, _ms(ok), _ms(ages.spread_by_kind.get(kind, 0.0)), _ms(metadata))
        for kind, (ok, metadata) in ages.by_kind.items()
    ]
    db.insert("age", "kind, ok, spread, metadata", rows)
    parameters = _parameters(db.dialect, run, ages, now)
    if db.dialect.name != "sqlite":
        _throw_dice(db, parameters)
    db.execute(_plan(db.dialect), parameters)
    return int(db.execute("SELECT count(*) FROM selected WHERE due = 1").fetchone()[0])


def _throw_dice(db: Database, parameters: dict[str, object]) -> None:
    """Say by how much the age of each target varies about which that decides, for a server that knows no such dice."""
    db.execute("DELETE FROM thrown")
    wanted = {name: parameters[name] for name in ("now", "confirmed", "confirmed_spread")}
    undecided = db.execute(_UNDECIDED, wanted)
    db.insert(
        "thrown", "target_id, moved", [(id_, jitter(id_, at, spread)) for id_, at, spread in undecided]
    )


@cache
def _plan(dialect: Dialect) -> str:
    def is_past(age: str, spread: str) -> str:
        """Whether a verdict has lasted its time. The dice are thrown only where they decide."""
        earliest = f"t.attempted_at + {age} - {spread} <= :now"
        return f"({earliest} AND t.attempted_at + {age} + {dialect.jitter(spread)} <= :now)"

    return _PLAN.format(
        of_alive=is_past("a.ok", "a.spread"),
        of_confirmed=is_past(":confirmed", ":confirmed_spread"),
        described_by_api=dialect.given(":described_by_api"),
    )


def _parameters(dialect: Dialect, run: Run, ages: Ages, now: datetime) -> dict[str, object]:
    return {
        "now": milliseconds(now), "refresh": ages.refresh, "broken_again": ages.broken_again,
        "max_age": None if ages.max_age is None else _ms(ages.max_age),
        "broken": _ms(ages.broken), "blocked": _ms(ages.blocked), "unreachable": _ms(ages.unreachable),
        "confirmed": _ms(ages.confirmed), "confirmed_spread": _ms(ages.confirmed_spread),
        "described_by_api": dialect.array([kind.name for kind in kinds().values() if kind.look_up is not None]),
        "metadata": ages.metadata, "resumed": run.resumed, "started": milliseconds(run.started_at),
    }  # fmt: skip


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def take_of_hosts(db: Database, wanted: Sequence[tuple[str, int]]) -> list[list[DueTarget]]:
    """Take due targets that are asked at their own address: so many of each host, the most urgent first."""
    found = [db.together(_TAKE_OF_HOST, _TAKEN, (0, host, limit)) for host, limit in wanted]
    _note_taken(db, [row for rows in found for row in rows])
    return [[_due_target(row) for row in rows] for rows in found]


def take_for_api(db: Database, kind: str, limit: int) -> list[DueTarget]:
    """Take due targets of a kind that its API can decide, the most urgent first, then those with the oldest news."""
    rows = db.together(_TAKE_FOR_API, _TAKEN, (1, kind, limit))
    _note_taken(db, rows)
    return [_due_target(row) for row in rows]


def _note_taken(db: Database, rows: Sequence[Sequence[Any]]) -> None:
    db.update("selected", "target_id", "due", [(2, row[0]) for row in rows])


def _due_target(row: Sequence[Any]) -> DueTarget:
    id_, url, kind, host, parent, stands_for, status, first_failed_at, last, wants, lacks = row
    was = STATUSES[status] if status else None
    return DueTarget(
        target=Target(id=id_, url=url, kind=kind, host=host, parent=parent, stands_for=stands_for),
        wants_metadata=bool(wants),
        lacks_metadata=bool(lacks),
        was=was,
        last=bool(last),
        doubted_since=moment(first_failed_at) if was in ALIVE else None,
    )


def defer_host(db: Database, host: str, reason: str, keep: int) -> int:
    """Defer all due targets of a host but the ``keep`` most urgent; how many were deferred. Inside a transaction."""
    rows = db.together(_TAKE_OF_HOST, _TAKEN, (0, host, _ALL))[keep:]
    defer(db, [row[0] for row in rows], reason)
    return len(rows)


def defer(db: Database, ids: Sequence[str], reason: str) -> None:
    """Say why targets were not asked in this run; inside a transaction."""
    db.update("selected", "target_id", "due, deferred", [(0, reason, id_) for id_ in dict.fromkeys(ids)])


def release(db: Database, ids: Sequence[str]) -> None:
    """Give back targets about which an API could not tell, to be asked at their own address. Inside a transaction."""
    standing.disturb(db)
    db.executemany("UPDATE selected SET due = 1, by_api = 0 WHERE target_id = ?", [(id_,) for id_ in ids])


def release_unasked(db: Database, ids: Sequence[str]) -> None:
    """Give back targets about which an API was not asked; what is fresh waits. Inside a transaction."""
    standing.disturb(db)
    rows = [(id_,) for id_ in ids]
    db.executemany(
        "UPDATE selected SET due = CASE WHEN wants_metadata = 2 THEN 0 ELSE 1 END, by_api = 0 WHERE target_id = ?",
        rows,
    )
    db.executemany(
        "UPDATE target SET metadata_stale = 1 WHERE id = ? AND metadata IS NOT NULL "
        "AND (SELECT wants_metadata FROM selected WHERE target_id = target.id) > 0",
        rows,
    )


def asked_since(db: Database, host: str, since: datetime) -> int:
    """How many checks of a host's targets were made in the day from then on, in any run."""
    query = (
        "SELECT count(*) FROM checks c JOIN target t ON t.id = c.target_id "
        "WHERE c.at > ? AND c.at <= ? AND t.host = ?"
    )
    # What a wrong clock dated in the future is not of the last day.
    limits = (milliseconds(since), milliseconds(since + timedelta(days=1) + CLOCKS_DIFFER), host)
    return int(db.execute(query, limits).fetchone()[0])


def waiting(db: Database) -> list[tuple[str, int]]:
    """Hosts with targets that wait for a turn at their own address, and how many, by name."""
    query = (
        "SELECT host, count(*) FROM selected WHERE deferred = 'host-deferred' AND by_api = 0 AND linked = 1 "
        "GROUP BY host ORDER BY host"
    )
    return [(row[0], row[1]) for row in db.execute(query)]


def expect(db: Database, expected: ExpectedTurns) -> None:
    """Say of all that wait for a turn at a host when it is expected; inside a transaction."""
    ids = [row["id"] for row in db.execute(_WAITING, (expected.host,))]
    share = expected.share or len(ids) + 1
    rows = ((expected.told(1 + place // share), id_) for place, id_ in enumerate(ids))
    db.executemany("UPDATE selected SET expected = ? WHERE target_id = ?", rows)
