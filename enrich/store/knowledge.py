"""All that a cache knows of one target, for a person who wants to see why it is judged as it is.

Read from one moment of the file, with values that enrich never writes left out: what a damaged row says would
explain nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec

from enrich.model import SECOND_HAND, Metadata, Status, Target, TargetState
from enrich.registry import kinds
from enrich.store.belief import is_believed
from enrich.store.columns import milliseconds, moment, second, state_of, target_of
from enrich.store.database import Database, Dialect, Row
from enrich.store.due import Remembered
from enrich.store.planning import asked_since
from enrich.store.protocol import BELIEVED_HOLD, Stars
from enrich.store.report_rows import decoded
from enrich.store.stars import stars_of

# So many of the last checks and of the places in notes are listed; of the others there is the number.
LISTED_CHECKS = 10
LISTED_PLACES = 20
LISTED_CHANGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check as it was stored; ``withheld`` says that its *broken* was not believed."""

    at: datetime
    status: Status
    reason: str
    detail: str | None
    http_status: int | None
    attempts: int
    elapsed_seconds: float
    withheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A target went (``was`` alive) or came back; ``reason`` is that of its being away."""

    at: datetime
    was: str
    became: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a link to the target stood in the last run."""

    document: str
    line: int
    column: int
    url: str
    text: str | None
    date: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The last run of the cache; without ``finished_at`` it goes on, or was killed."""

    started_at: datetime
    finished_at: datetime | None
    complete: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is remembered of a target that some run met."""

    target: Target
    remembered: Remembered
    alias: str | None = None
    metadata: Metadata | None = None
    metadata_source: str | None = None
    metadata_fetched_at: datetime | None = None
    metadata_stale: bool = False
    metadata_of: str | None = None
    first_repository_id: int | None = None
    checks: tuple[Check, ...] = ()
    checks_kept: int = 0
    first_alive_at: datetime | None = None
    changes: tuple[Change, ...] = ()
    stars: Stars = field(default_factory=lambda: Stars(days=()))
    places: tuple[Place, ...] = ()
    places_in_all: int = 0
    in_last_run: bool = False
    skip: str | None = None
    deferred: str | None = None
    expected: str | None = None

    @property
    def state(self) -> TargetState:
        return self.remembered.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """What a cache knows of a target and its hosts; ``known`` is None for one that no run has met."""

    run: LastRun | None
    known: Known | None
    holds: Mapping[str, datetime]
    asked_lately: int


def look_up(db: Database, target_id: str, hosts: Iterable[str], now: datetime) -> Cached:
    """What is known of a target by its id or one that turned out to mean it, and until when hosts want silence."""
    row, alias = _row_of(db, target_id)
    known = _known(db, row, alias, now) if row is not None else None
    asked = sorted({*hosts, *([known.target.host] if known else ())})
    return Cached(
        run=_last_run(db),
        known=known,
        holds={host: until for host in asked if (until := _held_until(db, host, now)) is not None},
        asked_lately=asked_since(db, known.target.host, now - timedelta(days=1)) if known else 0,
    )


def _row_of(db: Database, target_id: str) -> tuple[Row | None, str | None]:
    texts = " AND ".join(map(db.dialect.is_nothing_or_text, ("url", "host", "parent", "stands_for")))
    known = db.dialect.array(sorted(kinds()))
    query = (
        f"SELECT * FROM target WHERE id = ? AND {texts} "  # noqa: S608 - names from a constant
        f"AND kind IN (SELECT value FROM {db.dialect.given('?')})"
    )
    if (row := db.execute(query, (target_id, known)).fetchone()) is not None:
        return row, None
    meant = db.execute("SELECT target_id FROM alias WHERE alias = ?", (target_id,)).fetchone()
    return (db.execute(query, (meant[0], known)).fetchone(), target_id) if meant else (None, None)


def _known(db: Database, row: Row, alias: str | None, now: datetime) -> Known:
    id_, believed = row["id"], is_believed(db, row["id"], now)
    selected = db.execute("SELECT * FROM selected WHERE target_id = ?", (id_,)).fetchone()
    known = Known(
        target=target_of(row),
        alias=alias,
        remembered=_remembered(row, believed, asked_last=bool(selected and selected["asked_last"])),
        checks=tuple(_checks(db, id_)),
        checks_kept=_count(db, "SELECT count(*) FROM checks WHERE target_id = ?", id_),
        first_alive_at=_first_alive(db, id_),
        changes=tuple(_changes(db, id_)),
        stars=stars_of(db, [id_]).get(id_, Stars(days=())),
        places=tuple(_places(db, id_)),
        places_in_all=_count(db, "SELECT count(*) FROM link WHERE target_id = ?", id_),
        in_last_run=selected is not None,
        skip=_text(selected["skip"]) if selected else None,
        deferred=_text(selected["deferred"]) if selected else None,
        expected=_text(selected["expected"]) if selected else None,
    )
    return _with_metadata(db, known, row) if believed else known


def _remembered(row: Row, believed: bool, *, asked_last: bool) -> Remembered:
    attempted = row["attempted_status"]
    return Remembered(
        target_id=row["id"],
        kind=row["kind"],
        state=state_of(row) if believed else TargetState(),
        attempted_status=Status(attempted) if believed and attempted else None,
        metadata_tried_at=moment(row["metadata_tried_at"]) if believed else None,
        metadata_fetched_at=moment(row["metadata_fetched_at"]) if believed else None,
        believed=believed,
        asked_last=asked_last,
        described=_is_described(row),
        second_hand=row["metadata_source"] in SECOND_HAND,
    )


def _is_described(row: Row) -> bool:
    """Whether it may have metadata: of a kind with an API, what the API has a question for."""
    kind = kinds()[row["kind"]]
    if row["metadata"] is not None or kind.look_up is None or kind.asks_api is None:
        return True
    return kind.asks_api(target_of(row))


def _with_metadata(db: Database, known: Known, row: Row) -> Known:
    """Its own metadata, else those of what it stands for."""
    other = db.execute("SELECT * FROM target WHERE id = ?", (row["stands_for"],)).fetchone()
    for source in (row, other):
        if source is None or source["metadata"] is None:
            continue
        try:
            metadata = decoded(source["metadata"])
        except msgspec.DecodeError:
            continue
        return replace(
            known,
            metadata=metadata,
            metadata_source=source["metadata_source"],
            metadata_fetched_at=second(source["metadata_fetched_at"]),
            metadata_stale=bool(source["metadata_stale"]),
            metadata_of=None if source is row else source["id"],
            first_repository_id=row["first_repository_id"],
        )
    return known


def _count(db: Database, query: str, id_: str) -> int:
    return int(db.execute(query, (id_,)).fetchone()[0])


def _checks(db: Database, id_: str) -> Iterable[Check]:
    """The last checks, the newest first."""
    query = (
        "SELECT *, CAST(reason AS TEXT) AS said, CAST(detail AS TEXT) AS told FROM checks "  # noqa: S608
        f"WHERE target_id = ? AND {_sound(db.dialect, 'at')} AND status IN (SELECT value FROM {db.dialect.given('?')}) "
        f"AND {db.dialect.is_integer('attempts')} AND {db.dialect.is_integer('elapsed_ms')} "
        f"AND {db.dialect.is_nothing_or_integer('http_status')} ORDER BY at DESC, {db.dialect.row_number} DESC LIMIT ?"
    )
    statuses = db.dialect.array([str(status) for status in Status])
    for row in db.execute(query, (id_, statuses, LISTED_CHECKS)):
        yield Check(
            at=_moment(row["at"]), status=Status(row["status"]), reason=row["said"], detail=row["told"],
            http_status=row["http_status"], attempts=row["attempts"], elapsed_seconds=row["elapsed_ms"] / 1000,
            withheld=bool(row["withheld"]),
        )  # fmt: skip


def _changes(db: Database, id_: str) -> Iterable[Change]:
    """The last changes, the newest first."""
    query = (
        "SELECT at, CAST(was AS TEXT), CAST(became AS TEXT), CAST(reason AS TEXT) FROM change "  # noqa: S608
        f"WHERE target_id = ? AND {_sound(db.dialect, 'at')} ORDER BY at DESC, {db.dialect.row_number} DESC LIMIT ?"
    )
    for at, was, became, reason in db.execute(query, (id_, LISTED_CHANGES)):
        yield Change(at=_moment(at), was=was, became=became, reason=reason)


def _first_alive(db: Database, id_: str) -> datetime | None:
    alive = "target_id = ? AND status IN ('ok', 'redirected')"
    query = f"SELECT min(at) FROM checks WHERE {alive} AND {_sound(db.dialect, 'at')}"  # noqa: S608 - made of constants
    return moment(db.execute(query, (id_,)).fetchone()[0])


def _places(db: Database, id_: str) -> Iterable[Place]:
    query = (
        "SELECT CAST(d.path AS TEXT), CAST(l.line AS INTEGER), CAST(l.column_ AS INTEGER), CAST(l.url AS TEXT), "
        "CAST(l.text AS TEXT), CAST(l.date AS TEXT) FROM link l JOIN document d ON d.position = l.document "
        "WHERE l.target_id = ? ORDER BY d.path, l.line, l.column_, l.position LIMIT ?"
    )
    for document, line, column, url, text, date in db.execute(query, (id_, LISTED_PLACES)):
        yield Place(document=document, line=line, column=column, url=url, text=text, date=date)


def _last_run(db: Database) -> LastRun | None:
    row = db.execute(
        f"SELECT * FROM run WHERE {_sound(db.dialect, 'started_at')} "  # noqa: S608 - made of constants
        f"AND (finished_at IS NULL OR {_sound(db.dialect, 'finished_at')}) "
        f"ORDER BY started_at DESC, {db.dialect.row_number} DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    complete = None if row["complete"] is None else bool(row["complete"])
    return LastRun(
        started_at=_moment(row["started_at"]), finished_at=second(row["finished_at"]), complete=complete
    )


def _held_until(db: Database, host: str, now: datetime) -> datetime | None:
    query = "SELECT held_until FROM host WHERE host = ? AND held_until > ? AND held_until <= ?"
    limits = (milliseconds(now), milliseconds(now + BELIEVED_HOLD))
    row = db.execute(query, (host, *limits)).fetchone()
    return second(row[0]) if row else None


def _text(stored: object) -> str | None:
    return stored if isinstance(stored, str) else None


def _sound(dialect: Dialect, column: str) -> str:
    """Whether a column holds a moment: milliseconds since 1970, up to the year 9999."""
    return f"({dialect.is_integer(column)} AND {column} BETWEEN 0 AND 253402300799999)"


def _moment(stored: int) -> datetime:
    return datetime.fromtimestamp(stored / 1000, UTC)
