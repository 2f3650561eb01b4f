"""The store on one machine: SQLite, all of its SQL in this one module.

WAL with ``synchronous=FULL``: a result that `record` returned survives a kill and a power cut. That costs
about 3 ms a commit, and one commit holds up to a hundred results.

Two groups of tables: what is remembered (target, checks, alias, star), and the present run (document,
link, entry, finding, selected), which is cleared when the next run begins. ``selected.due`` goes from 0
(not due) over 1 (due) and 2 (taken) to 3 (recorded).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Self, TypeVar

import anyio
import anyio.to_thread
import msgspec

from enrich.codec import decode_metadata, encode
from enrich.errors import StorageError
from enrich.model import (
    CheckResult,
    Element,
    EntryLink,
    Finding,
    ReportDocument,
    ReportEntry,
    ReportLink,
    ReportTarget,
    Repository,
    Severity,
    Status,
    Suggestion,
    Target,
    TargetState,
)
from enrich.store.history import ALIVE, Confirmation, merge
from enrich.store.protocol import Ages, CacheInfo, DueTarget, FoundDocument, FoundTarget, Run

T = TypeVar("T")

FILE_NAME = "enrich.sqlite3"
SCHEMA_VERSION = 1
RESUME_WITHIN = timedelta(days=1)

_SCHEMA = """
CREATE TABLE run (
    id TEXT PRIMARY KEY, version TEXT NOT NULL, options TEXT NOT NULL,
    started_at INTEGER NOT NULL, finished_at INTEGER, complete INTEGER
);
CREATE TABLE target (
    id TEXT PRIMARY KEY, url TEXT NOT NULL, kind TEXT NOT NULL, host TEXT NOT NULL, parent TEXT, stands_for TEXT,
    run_id TEXT NOT NULL, seen_at INTEGER NOT NULL,
    status TEXT, reason TEXT, detail TEXT, http_status INTEGER, final_url TEXT,
    suggestion_url TEXT, suggestion_reason TEXT, checked_at INTEGER, attempted_at INTEGER, attempted_status TEXT,
    attempts INTEGER NOT NULL DEFAULT 0, confirmed INTEGER NOT NULL DEFAULT 0,
    first_failed_at INTEGER, certain_since INTEGER, failed_checks INTEGER NOT NULL DEFAULT 0, last_ok_at INTEGER,
    metadata TEXT, metadata_source TEXT, metadata_fetched_at INTEGER, metadata_tried_at INTEGER,
    metadata_stale INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE checks (
    target_id TEXT NOT NULL, run_id TEXT NOT NULL, at INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT, http_status INTEGER, attempts INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL
);
CREATE INDEX checks_by_target ON checks (target_id, at);
CREATE INDEX checks_by_time ON checks (at);
CREATE TABLE alias (alias TEXT PRIMARY KEY, target_id TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE star (
    target_id TEXT NOT NULL, day TEXT NOT NULL, stars INTEGER NOT NULL, PRIMARY KEY (target_id, day)
) WITHOUT ROWID;

CREATE TABLE document (
    position INTEGER PRIMARY KEY, path TEXT NOT NULL, title TEXT, date TEXT, date_source TEXT NOT NULL,
    undated INTEGER NOT NULL
);
CREATE TABLE link (
    position INTEGER PRIMARY KEY, document INTEGER NOT NULL, target_id TEXT NOT NULL,
    line INTEGER NOT NULL, column_ INTEGER NOT NULL, url TEXT NOT NULL, written TEXT, text TEXT,
    element TEXT NOT NULL, image INTEGER NOT NULL, date TEXT, used_line INTEGER, used_column INTEGER
);
CREATE INDEX link_by_target ON link (target_id);
CREATE TABLE entry (position INTEGER PRIMARY KEY, document TEXT NOT NULL, line INTEGER NOT NULL, row TEXT NOT NULL);
CREATE TABLE finding (
    code TEXT NOT NULL, severity TEXT NOT NULL, message TEXT NOT NULL, document TEXT, line INTEGER, column_ INTEGER,
    target TEXT, suggestion_url TEXT, suggestion_reason TEXT
);
CREATE TABLE selected (
    target_id TEXT PRIMARY KEY, host TEXT NOT NULL, kind TEXT NOT NULL, by_api INTEGER NOT NULL,
    linked INTEGER NOT NULL, skip TEXT, due INTEGER NOT NULL DEFAULT 0, wants_metadata INTEGER NOT NULL DEFAULT 0,
    deferred TEXT, stated INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX selected_due ON selected (due, by_api, host);
"""

_RUN_TABLES = ("document", "link", "entry", "finding", "selected")
_STATE_COLUMNS = (
    "status", "reason", "detail", "http_status", "final_url", "suggestion_url", "suggestion_reason", "checked_at",
    "attempted_at", "attempts", "confirmed", "first_failed_at", "certain_since", "failed_checks", "last_ok_at",
)  # fmt: skip

# Whether a verdict, or the metadata, are old enough to be asked for again. A time in the future counts as
# old: somebody's clock was wrong. A kind whose verdicts last no time is asked in every run, whatever was found.
_VERDICT_DUE = """(t.attempted_at IS NULL OR t.attempted_at > :now OR :refresh OR (:broken_again AND t.status = 'broken')
    OR a.ok = 0 OR t.attempted_at + coalesce(:max_age, CASE
        WHEN t.attempted_status IN ('ok', 'redirected') THEN a.ok
        WHEN t.status = 'broken' AND t.confirmed THEN :confirmed ELSE :unsure END) <= :now)"""
_METADATA_DUE = """(:metadata AND (t.metadata_tried_at IS NULL OR t.metadata_tried_at > :now OR :refresh
    OR t.metadata_tried_at + coalesce(:max_age, CASE
        WHEN t.metadata_fetched_at = t.metadata_tried_at THEN a.metadata ELSE :unsure END) <= :now))"""
_PLAN = f"""
UPDATE selected SET (due, wants_metadata) = (
    SELECT {_VERDICT_DUE} OR ({_METADATA_DUE} AND (t.status IS NULL OR t.status IN ('ok', 'redirected'))), {_METADATA_DUE}
    FROM target t JOIN age a ON a.kind = t.kind WHERE t.id = selected.target_id)
WHERE skip IS NULL AND NOT EXISTS (
    SELECT 1 FROM target t JOIN age a ON a.kind = t.kind WHERE t.id = selected.target_id AND :resumed
        AND t.attempted_at >= :started AND a.ok > 0)
"""  # noqa: S608 - made of constants above

_TAKE = """
SELECT t.id, t.url, t.kind, t.host, t.parent, t.stands_for, s.wants_metadata, t.status, t.first_failed_at
FROM selected s JOIN target t ON t.id = s.target_id WHERE s.due = 1 AND s.by_api = ? AND {column} = ?
ORDER BY t.attempted_at IS NOT NULL, t.attempted_at, t.id LIMIT ?
"""

# The oldest good answer of each host whose last one was good as well; the index by target serves the inner query.
_CANARIES = """
SELECT url, min(since) AS since FROM (
    SELECT t.url, t.host, (SELECT min(c.at) FROM checks c WHERE c.target_id = t.id AND c.status = 'ok') AS since
    FROM target t WHERE t.status = 'ok' AND t.attempted_status = 'ok' AND t.url LIKE 'https://%')
WHERE since IS NOT NULL GROUP BY host ORDER BY since, host LIMIT ?
"""

# Entries by the articles and papers that they name, where several entries name the same. Places alone are sorted.
_REPEATED = """
WITH named AS (
    SELECT position, json_extract(row, '$.article.target') AS target FROM entry
    UNION SELECT position, json_extract(paper.value, '$.target') FROM entry, json_each(row, '$.papers') AS paper
), known AS (
    SELECT position, coalesce(target_id, target) AS target,
        count(*) OVER (PARTITION BY coalesce(target_id, target)) AS times
    FROM named LEFT JOIN alias ON alias = target WHERE target IS NOT NULL
)
SELECT target, position FROM known JOIN entry USING (position) WHERE times > 1
ORDER BY target, document, line, position
"""


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _second(milliseconds: int | None) -> datetime | None:
    moment = _moment(milliseconds)
    return None if moment is None else moment.replace(microsecond=0)


def _suggestion(url: str | None, reason: str | None) -> Suggestion | None:
    return Suggestion(url, reason) if url and reason else None


def _state(row: sqlite3.Row) -> TargetState:
    return TargetState(
        status=Status(row["status"]) if row["status"] else None,
        reason=row["reason"],
        detail=row["detail"],
        http_status=row["http_status"],
        final_url=row["final_url"],
        suggestion=_suggestion(row["suggestion_url"], row["suggestion_reason"]),
        checked_at=_moment(row["checked_at"]),
        attempted_at=_moment(row["attempted_at"]),
        attempts=row["attempts"],
        confirmed=bool(row["confirmed"]),
        first_failed_at=_moment(row["first_failed_at"]),
        certain_since=_moment(row["certain_since"]),
        failed_checks=row["failed_checks"],
        last_ok_at=_moment(row["last_ok_at"]),
    )


def _state_values(state: TargetState) -> tuple[Any, ...]:
    suggestion = state.suggestion
    return (
        state.status, state.reason, state.detail, state.http_status, state.final_url,
        suggestion and suggestion.url, suggestion and suggestion.reason, _ms(state.checked_at),
        _ms(state.attempted_at), state.attempts, state.confirmed, _ms(state.first_failed_at),
        _ms(state.certain_since), state.failed_checks, _ms(state.last_ok_at),
    )  # fmt: skip


def _open(path: Path) -> sqlite3.Connection:
    """A connection to a cache of this version, made if there is none; StorageError says what is wrong."""
    connection = None
    try:
        if not path.exists():
            # Notes may hold private addresses: the file is for its owner alone from its first byte.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "trusted_schema=OFF", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection, path)
    except (sqlite3.Error, OSError, StorageError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, StorageError):
            raise
        raise StorageError(
            f"{path}: the cache cannot be used: {error}; `enrich cache clear` starts anew"
        ) from error
    return connection


def _way_out(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "the file is damaged, and `enrich cache clear` starts anew"
    return "is the disk full or read-only?"


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StorageError(
            f"{path}: made by a newer enrich (schema {version}, this one reads {SCHEMA_VERSION}); "
            "update enrich, or give another --cache-dir"
        )
    if version == 0:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )


class _Transaction:
    """``with`` begins a transaction and commits it, or rolls it back and lets the error through."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


class SqliteStore:
    """The `enrich.store.protocol.Store` in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = _open(path)
        self._turn = anyio.Lock()
        self._at_work = threading.Lock()
        self._run: Run | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, one piece at a time, to its end even when cancelled."""

        def alone() -> T:
            # A task that is cancelled from outside anyio leaves its thread at work: closing must wait for it.
            with self._at_work:
                return work()

        async with self._turn:
            try:
                return await anyio.to_thread.run_sync(alone)
            except sqlite3.Error as error:
                raise StorageError(f"{self._path}: {error}; {_way_out(error)}") from error

    @property
    def run(self) -> Run:
        assert self._run is not None, "begin() comes first"
        return self._run

    # --- a run -------------------------------------------------------------------------------------

    async def begin(self, *, version: str, options: str, now: datetime, fresh: bool) -> Run:
        self._run = await self._call(lambda: self._begin(version, options, now, fresh))
        return self._run

    def _begin(self, version: str, options: str, now: datetime, fresh: bool) -> Run:
        with _Transaction(self._connection) as db:
            for table in _RUN_TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from a constant
            last = db.execute("SELECT * FROM run ORDER BY started_at DESC, rowid DESC LIMIT 1").fetchone()
            if last and not fresh and last["finished_at"] is None and last["options"] == options:
                started = _moment(last["started_at"])
                if started is not None and timedelta(0) <= now - started <= RESUME_WITHIN:
                    return Run(id=last["id"], started_at=started, resumed=True)
            run = Run(id=uuid.uuid4().hex[:12], started_at=now)
            db.execute(
                "INSERT INTO run (id, version, options, started_at) VALUES (?, ?, ?, ?)",
                (run.id, version, options, _ms(now)),
            )
            return run

    async def add(self, documents: Sequence[FoundDocument], findings: Sequence[Finding] = ()) -> None:
        await self._call(lambda: self._add(documents, findings))

    def _add(self, documents: Sequence[FoundDocument], findings: Sequence[Finding]) -> None:
        with _Transaction(self._connection) as db:
            aliases = self._aliases(db, documents)
            for document in documents:
                self._add_document(db, document, aliases)
            found = [*findings, *(finding for document in documents for finding in document.findings)]
            db.executemany(
                "INSERT INTO entry (document, line, row) VALUES (?, ?, ?)",
                [
                    (entry.document, entry.line, encode(entry).decode())
                    for document in documents
                    for entry in document.entries
                ],
            )
            db.executemany(
                "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (f.code, f.severity, f.message, f.document, f.line, f.column, f.target,
                     f.suggestion and f.suggestion.url, f.suggestion and f.suggestion.reason)
                    for f in found
                ],
            )  # fmt: skip

    @staticmethod
    def _aliases(db: sqlite3.Connection, documents: Sequence[FoundDocument]) -> dict[str, str]:
        """Ids that are known to mean another target, such as the token of an article that was read."""
        ids = {link.target.identity.id for document in documents for link in document.links}
        rows = db.execute(
            "SELECT alias, target_id FROM alias WHERE alias IN (SELECT value FROM json_each(?))",
            (encode(sorted(ids)).decode(),),
        )
        return {row["alias"]: row["target_id"] for row in rows}

    def _add_document(
        self, db: sqlite3.Connection, document: FoundDocument, aliases: dict[str, str]
    ) -> None:
        position = db.execute(
            "INSERT INTO document (path, title, date, date_source, undated) VALUES (?, ?, ?, ?, ?)",
            (document.path, document.title, document.date, document.date_source, document.undated),
        ).lastrowid
        targets = [(found.target, found.skip, True) for found in document.links]
        targets += [(implied, None, False) for implied in document.implied]
        self._add_targets(db, targets, aliases)
        db.executemany(
            "INSERT INTO link (document, target_id, line, column_, url, written, text, element, image, date, "
            "used_line, used_column) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (position, aliases.get(found.target.identity.id, found.target.identity.id), found.link.line,
                 found.link.column, found.link.url, found.link.written, found.link.text, found.link.element,
                 found.link.image, found.date, *(found.link.used_at or (None, None)))
                for found in document.links
            ],
        )  # fmt: skip

    def _add_targets(
        self,
        db: sqlite3.Connection,
        targets: Iterable[tuple[FoundTarget, str | None, bool]],
        aliases: dict[str, str],
    ) -> None:
        rows = [
            (aliases.get(found.identity.id, found.identity.id), found, skip, linked)
            for found, skip, linked in targets
        ]
        # The address of a target is that of its first link in this run, but for a later one that opens better.
        db.executemany(
            "INSERT INTO target (id, url, kind, host, parent, stands_for, run_id, seen_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET url = excluded.url, host = excluded.host, "
            "kind = excluded.kind, parent = excluded.parent, stands_for = excluded.stands_for, "
            "run_id = excluded.run_id, seen_at = excluded.seen_at "
            "WHERE run_id <> excluded.run_id OR seen_at <> excluded.seen_at OR ?",
            [
                (id_, f.identity.url, f.identity.kind, f.host, f.identity.parent, f.identity.stands_for,
                 self.run.id, _ms(self.run.started_at), f.identity.preferred)
                for id_, f, _, _ in rows
            ],
        )  # fmt: skip
        # One link that may be asked is enough: only a target whose links are all skipped is skipped.
        db.executemany(
            "INSERT INTO selected (target_id, host, kind, by_api, linked, skip) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (target_id) DO UPDATE SET linked = max(linked, excluded.linked), "
            "skip = CASE WHEN skip IS NULL OR excluded.skip IS NULL THEN NULL ELSE skip END",
            [(id_, f.host, f.identity.kind, f.asks_api, linked, skip) for id_, f, skip, linked in rows],
        )

    async def plan(self, ages: Ages, now: datetime) -> int:
        return await self._call(lambda: self._plan(ages, now))

    def _plan(self, ages: Ages, now: datetime) -> int:
        def ms(value: float | None) -> int | None:
            return None if value is None else round(value * 1000)

        with _Transaction(self._connection) as db:
            db.execute(
                "CREATE TEMP TABLE IF NOT EXISTS age (kind TEXT PRIMARY KEY, ok INTEGER, metadata INTEGER)"
            )
            db.execute("DELETE FROM age")
            rows = [(kind, ms(ok), ms(metadata)) for kind, (ok, metadata) in ages.by_kind.items()]
            db.executemany("INSERT INTO age VALUES (?, ?, ?)", rows)
            db.execute(
                _PLAN,
                {
                    "now": _ms(now), "refresh": ages.refresh, "broken_again": ages.broken_again,
                    "max_age": ms(ages.max_age), "confirmed": ms(ages.confirmed), "unsure": ms(ages.unsure),
                    "metadata": ages.metadata, "resumed": self.run.resumed, "started": _ms(self.run.started_at),
                },
            )  # fmt: skip
            return int(db.execute("SELECT count(*) FROM selected WHERE due = 1").fetchone()[0])

    # --- handing out -------------------------------------------------------------------------------

    async def hosts(self) -> Sequence[tuple[str, int]]:
        query = (
            "SELECT host, count(*) FROM selected WHERE due = 1 AND by_api = 0 GROUP BY host ORDER BY host"
        )
        return await self._call(lambda: [(row[0], row[1]) for row in self._connection.execute(query)])

    async def kinds_by_api(self) -> Sequence[str]:
        query = "SELECT DISTINCT kind FROM selected WHERE due = 1 AND by_api = 1 ORDER BY kind"
        return await self._call(lambda: [row[0] for row in self._connection.execute(query)])

    async def take(self, host: str, limit: int) -> list[DueTarget]:
        return await self._call(lambda: self._take("s.host", 0, host, limit))

    async def take_for_api(self, kind: str, limit: int) -> list[DueTarget]:
        return await self._call(lambda: self._take("s.kind", 1, kind, limit))

    def _take(self, column: str, by_api: int, value: str, limit: int) -> list[DueTarget]:
        with _Transaction(self._connection) as db:
            rows = db.execute(_TAKE.format(column=column), (by_api, value, limit)).fetchall()
            db.executemany(
                "UPDATE selected SET due = 2 WHERE target_id = ?", [(row["id"],) for row in rows]
            )
        return [_due_target(row) for row in rows]

    async def release(self, ids: Sequence[str]) -> None:
        await self._each(
            "UPDATE selected SET due = 1, by_api = 0 WHERE target_id = ?", [(id_,) for id_ in ids]
        )

    async def put_back(self, ids: Sequence[str]) -> None:
        await self._each(
            "UPDATE selected SET due = 1 WHERE target_id = ? AND due = 2", [(id_,) for id_ in ids]
        )

    async def canaries(self, limit: int) -> Sequence[str]:
        return await self._call(
            lambda: [row["url"] for row in self._connection.execute(_CANARIES, (limit,))]
        )

    async def defer(self, ids: Sequence[str], reason: str) -> None:
        await self._each(
            "UPDATE selected SET due = 0, deferred = ? WHERE target_id = ?", [(reason, id_) for id_ in ids]
        )

    async def _each(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        def work() -> None:
            with _Transaction(self._connection) as db:
                db.executemany(statement, rows)

        await self._call(work)

    async def defer_host(self, host: str, reason: str, keep: int = 0) -> int:
        return await self._call(lambda: self._defer_host(host, reason, keep))

    def _defer_host(self, host: str, reason: str, keep: int) -> int:
        with _Transaction(self._connection) as db:
            rows = db.execute(_TAKE.format(column="s.host"), (0, host, -1)).fetchall()[keep:]
            db.executemany(
                "UPDATE selected SET due = 0, deferred = ? WHERE target_id = ?",
                [(reason, row["id"]) for row in rows],
            )
        return len(rows)

    async def defer_rest(self, reason: str) -> int:
        statement = "UPDATE selected SET due = 0, deferred = ? WHERE due IN (1, 2)"

        def work() -> int:
            with _Transaction(self._connection) as db:
                return db.execute(statement, (reason,)).rowcount

        return await self._call(work)

    async def asked_since(self, host: str, since: datetime) -> int:
        query = "SELECT count(*) FROM checks c JOIN target t ON t.id = c.target_id WHERE c.at > ? AND t.host = ?"
        return await self._call(
            lambda: int(self._connection.execute(query, (_ms(since), host)).fetchone()[0])
        )

    # --- results -----------------------------------------------------------------------------------

    async def record(self, results: Sequence[CheckResult], rule: Confirmation) -> Sequence[TargetState]:
        # A result that was paid for with a request is stored even when the run is being cancelled.
        with anyio.CancelScope(shield=True):
            recorded = await self._call(lambda: self._record(results, rule))
        return recorded  # noqa: RET504 - returned from inside, mypy sees a scope that may swallow it

    def _record(self, results: Sequence[CheckResult], rule: Confirmation) -> Sequence[TargetState]:
        with _Transaction(self._connection) as db:
            return [self._record_one(db, result, rule) for result in results]

    def _record_one(self, db: sqlite3.Connection, result: CheckResult, rule: Confirmation) -> TargetState:
        if result.alias and result.verdict.status is Status.OK and result.alias != result.target_id:
            result = self._merge_alias(db, result)
        row = db.execute("SELECT * FROM target WHERE id = ?", (result.target_id,)).fetchone()
        assert row is not None, f"a result for a target that was never added: {result.target_id}"
        state = merge(_state(row), result, rule)
        assignments = ", ".join(f"{column} = ?" for column in _STATE_COLUMNS)
        db.execute(
            f"UPDATE target SET {assignments}, attempted_status = ? WHERE id = ?",  # noqa: S608 - constant names
            (*_state_values(state), result.verdict.status, result.target_id),
        )
        self._record_metadata(db, row, result)
        self._append(db, result)
        db.execute(
            "UPDATE selected SET due = 3, deferred = NULL, stated = ? WHERE target_id = ?",
            (state.checked_at == result.at, result.target_id),
        )
        return state

    def _append(self, db: sqlite3.Connection, result: CheckResult) -> None:
        verdict = result.verdict
        db.execute(
            "INSERT INTO checks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (result.target_id, self.run.id, _ms(result.at), verdict.status, verdict.reason, verdict.detail,
             result.http_status, result.attempts, round(result.elapsed_seconds * 1000)),
        )  # fmt: skip
        if isinstance(result.metadata, Repository) and result.metadata.stars is not None:
            db.execute(
                "INSERT OR REPLACE INTO star VALUES (?, ?, ?)",
                (result.target_id, f"{result.at:%Y-%m-%d}", result.metadata.stars),
            )

    @staticmethod
    def _record_metadata(db: sqlite3.Connection, row: sqlite3.Row, result: CheckResult) -> None:
        """New metadata replace old ones; old ones are kept, marked stale, when new ones were wanted in vain."""
        at, id_ = _ms(result.at), result.target_id
        if result.metadata is not None:
            db.execute(
                "UPDATE target SET metadata = ?, metadata_source = ?, metadata_fetched_at = ?, "
                "metadata_tried_at = ?, metadata_stale = 0 WHERE id = ?",
                (encode(result.metadata).decode(), result.metadata_source, at, at, id_),
            )
        elif result.wanted_metadata and row["metadata"] is not None:
            db.execute(
                "UPDATE target SET metadata_tried_at = ?, metadata_stale = 1 WHERE id = ?", (at, id_)
            )
        elif result.wanted_metadata and result.verdict.status in ALIVE:
            # It is there and has nothing to say about itself; that counts as an answer.
            db.execute(
                "UPDATE target SET metadata_tried_at = ?, metadata_fetched_at = ? WHERE id = ?",
                (at, at, id_),
            )

    def _merge_alias(self, db: sqlite3.Connection, result: CheckResult) -> CheckResult:
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
            "INSERT OR IGNORE INTO selected SELECT ?, host, kind, by_api, linked, skip, due, wants_metadata, deferred, "
            "stated FROM selected WHERE target_id = ?",
            (new, old),
        )
        db.execute("UPDATE selected SET linked = 1, skip = NULL WHERE target_id = ?", (new,))
        db.execute("UPDATE link SET target_id = ? WHERE target_id = ?", (new, old))
        db.execute("UPDATE checks SET target_id = ? WHERE target_id = ?", (new, old))
        db.execute("DELETE FROM selected WHERE target_id = ?", (old,))
        db.execute("DELETE FROM target WHERE id = ?", (old,))
        db.execute("INSERT OR REPLACE INTO alias VALUES (?, ?, ?)", (old, new, _ms(result.at)))
        return replace(result, target_id=new)

    async def finish(self, *, complete: bool, now: datetime) -> None:
        statement = "UPDATE run SET finished_at = ?, complete = ? WHERE id = ?"
        await self._each(statement, [(_ms(now), complete, self.run.id)])

    async def read(self, use: Callable[[SqliteRows], T]) -> T:
        return await self._call(lambda: use(SqliteRows(self._connection)))

    # --- the cache as a whole ----------------------------------------------------------------------

    async def info(self) -> CacheInfo:
        return await self._call(self._info)

    def _info(self) -> CacheInfo:
        db = self._connection
        oldest, newest, checks = db.execute("SELECT min(at), max(at), count(*) FROM checks").fetchone()
        statuses = db.execute(
            "SELECT coalesce(status, 'never asked'), count(*) FROM target GROUP BY 1 ORDER BY 1"
        )
        by_status = {row[0]: row[1] for row in statuses}
        return CacheInfo(
            targets=sum(by_status.values()),
            checks=checks,
            runs=db.execute("SELECT count(*) FROM run").fetchone()[0],
            bytes=sum(part.stat().st_size for part in self._path.parent.glob(self._path.name + "*")),
            oldest_check=_second(oldest),
            newest_check=_second(newest),
            by_status=by_status,
        )

    async def prune(self, unused_since: datetime) -> int:
        return await self._call(lambda: self._prune(unused_since))

    def _prune(self, unused_since: datetime) -> int:
        with _Transaction(self._connection) as db:
            gone = db.execute("DELETE FROM target WHERE seen_at < ?", (_ms(unused_since),)).rowcount
            for table in ("checks", "star", "alias", "selected"):
                db.execute(f"DELETE FROM {table} WHERE target_id NOT IN (SELECT id FROM target)")  # noqa: S608
            db.execute("DELETE FROM link WHERE target_id NOT IN (SELECT id FROM target)")
        self._connection.execute("VACUUM")
        return gone

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._call(self._connection.close)


def _due_target(row: sqlite3.Row) -> DueTarget:
    was = Status(row["status"]) if row["status"] else None
    return DueTarget(
        target=_target(row),
        wants_metadata=bool(row["wants_metadata"]),
        was=was,
        doubted_since=_moment(row["first_failed_at"]) if was in ALIVE else None,
    )


def _target(row: sqlite3.Row) -> Target:
    return Target(
        id=row["id"], url=row["url"], kind=row["kind"], host=row["host"], parent=row["parent"],
        stands_for=row["stands_for"],
    )  # fmt: skip


class SqliteRows:
    """The rows of the present run for a report; `enrich.store.protocol.Rows`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def documents(self) -> Iterator[ReportDocument]:
        for row in self._connection.execute("SELECT * FROM document ORDER BY path, position"):
            yield ReportDocument(
                path=row["path"], title=row["title"], date=row["date"], date_source=row["date_source"]
            )

    def targets(self) -> Iterator[ReportTarget]:
        rows = self._connection.execute(
            "SELECT t.*, s.skip, s.deferred, s.stated, p.metadata AS p_metadata, p.metadata_source AS p_source, "
            "p.metadata_fetched_at AS p_fetched_at, p.metadata_stale AS p_stale "
            "FROM selected s JOIN target t ON t.id = s.target_id LEFT JOIN target p ON p.id = t.stands_for "
            "WHERE s.linked = 1 ORDER BY t.id"
        )
        links = groupby(self._links(), key=lambda pair: pair[0])
        for row in rows:
            id_, group = next(links)
            assert id_ == row["id"], "every linked target has links, in the same order"
            yield _report_target(row, [link for _, link in group])

    def _links(self) -> Iterator[tuple[str, ReportLink]]:
        rows = self._connection.execute(
            "SELECT l.*, d.path FROM link l JOIN document d ON d.position = l.document "
            "ORDER BY l.target_id, d.path, l.line, l.column_, l.position"
        )
        for row in rows:
            used = None if row["used_line"] is None else (row["used_line"], row["used_column"])
            yield row["target_id"], ReportLink(
                document=row["path"], line=row["line"], column=row["column_"], url=row["url"],
                written=row["written"], text=row["text"], element=Element(row["element"]),
                image=bool(row["image"]), date=row["date"], used_at=used,
            )  # fmt: skip

    def _aliases(self) -> dict[str, str]:
        rows = self._connection.execute("SELECT alias, target_id FROM alias")
        return {row["alias"]: row["target_id"] for row in rows}

    def entries(self) -> Iterator[ReportEntry]:
        aliases = self._aliases()
        for row in self._connection.execute("SELECT row FROM entry ORDER BY document, line, position"):
            yield _entry(row["row"], aliases)

    def repeated(self) -> Iterator[tuple[str, ReportEntry]]:
        aliases = self._aliases()
        for target, position in self._connection.execute(_REPEATED):
            (row,) = self._connection.execute(
                "SELECT row FROM entry WHERE position = ?", (position,)
            ).fetchone()
            yield target, _entry(row, aliases)

    def findings(self) -> Iterator[Finding]:
        for row in self._connection.execute("SELECT * FROM finding ORDER BY document, line, column_, code"):
            yield Finding(
                code=row["code"], severity=Severity(row["severity"]), message=row["message"],
                document=row["document"], line=row["line"], column=row["column_"], target=row["target"],
                suggestion=_suggestion(row["suggestion_url"], row["suggestion_reason"]),
            )  # fmt: skip

    def undated_links(self) -> int:
        query = "SELECT (SELECT count(*) FROM link WHERE date IS NULL) + (SELECT coalesce(sum(undated), 0) FROM document)"
        return int(self._connection.execute(query).fetchone()[0])

    def deferred(self) -> int:
        query = "SELECT count(*) FROM selected WHERE deferred = 'host-deferred' AND linked = 1"
        return int(self._connection.execute(query).fetchone()[0])


def _entry(row: str, aliases: Mapping[str, str]) -> ReportEntry:
    """An entry with the ids that its targets have by now."""

    def known(link: EntryLink) -> EntryLink:
        return replace(link, target=aliases.get(link.target, link.target))

    entry = msgspec.json.decode(row, type=ReportEntry)
    return replace(
        entry,
        article=entry.article and known(entry.article),
        papers=[known(link) for link in entry.papers],
        code=[known(link) for link in entry.code],
        others=[known(link) for link in entry.others],
    )


def _report_target(row: sqlite3.Row, links: list[ReportLink]) -> ReportTarget:
    state = TargetState() if row["skip"] else _state(row)
    prefix = "p_" if row["p_metadata"] is not None else "metadata_"
    fetched_at = row["p_fetched_at" if prefix == "p_" else "metadata_fetched_at"]
    metadata = decode_metadata(row["p_metadata"] or row["metadata"])
    return ReportTarget(
        id=row["id"],
        url=row["url"],
        kind=row["kind"],
        parent=row["parent"],
        stands_for=row["stands_for"],
        status=state.status or Status.SKIPPED,
        reason=state.reason or row["skip"] or row["deferred"] or "not-reached",
        detail=state.detail,
        http_status=state.http_status,
        final_url=state.final_url,
        checked_at=state.checked_at and state.checked_at.replace(microsecond=0),
        from_cache=state.status is not None and not row["stated"],
        attempts=state.attempts,
        confirmed=state.confirmed,
        first_failed_at=state.first_failed_at and state.first_failed_at.replace(microsecond=0),
        failed_checks=state.failed_checks,
        last_ok_at=state.last_ok_at and state.last_ok_at.replace(microsecond=0),
        suggestion=state.suggestion,
        metadata=metadata,
        metadata_source=row[f"{prefix}source"] if metadata else None,
        metadata_fetched_at=_second(fetched_at) if metadata else None,
        metadata_stale=bool(row[f"{prefix}stale"]),
        links=links,
    )
