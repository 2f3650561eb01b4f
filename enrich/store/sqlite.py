"""The store on one machine: SQLite, whose SQL is all in this package.

WAL with ``synchronous=FULL``: a result that `record` returned survives a kill and a power cut. That costs
about 3 ms a commit, and one commit holds all results that came meanwhile, up to some hundreds.

Here stands who may use the connection and when; the work itself lies beside it: `opening` and `schema` (the file),
`adding` (what a run finds), `planning` and `belief` (what is due), `recording` (answers), `report_rows`.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import anyio
import anyio.to_thread

from enrich.errors import StorageError
from enrich.model import CheckResult, Finding, TargetState
from enrich.store import adding, planning, recording, thinning
from enrich.store.columns import milliseconds, moment, second
from enrich.store.history import Confirmation
from enrich.store.opening import FILE_NAME, is_damage, open_cache
from enrich.store.protocol import (
    BELIEVED_HOLD,
    Ages,
    CacheInfo,
    DueTarget,
    ExpectedTurns,
    FoundDocument,
    Run,
    Stars,
)
from enrich.store.report_rows import SqliteRows
from enrich.store.schema import Transaction
from enrich.store.stars import stars_of
from enrich.store.together import Together

__all__ = ["FILE_NAME", "SqliteStore"]

T = TypeVar("T")

RESUME_WITHIN = timedelta(days=1)

_RUN_TABLES = ("document", "link", "entry", "finding", "selected")

# The oldest good answer of each host whose last one was good as well; the index by target serves the inner query.
_CANARIES = """
SELECT url, min(since) AS since FROM (
    SELECT t.url, t.host, (SELECT min(c.at) FROM checks c WHERE c.target_id = t.id AND c.status = 'ok') AS since
    FROM target t WHERE t.status = 'ok' AND t.attempted_status = 'ok' AND t.url LIKE 'https://%')
WHERE since IS NOT NULL GROUP BY host ORDER BY since, host LIMIT ?
"""

# The later moment stays, unless it lies so far ahead that a wrong clock wrote it.
_HOLD = """
INSERT INTO host VALUES (?1, ?2) ON CONFLICT (host) DO UPDATE SET held_until = excluded.held_until
WHERE held_until IS NULL OR held_until NOT BETWEEN excluded.held_until AND excluded.held_until + ?3
"""


def _way_out(error: sqlite3.Error) -> str:
    if is_damage(error):
        return "the file is damaged; the next run looks at all of it, sets it aside and begins a new one"
    return "is the disk full or read-only?"


class SqliteStore:
    """The `enrich.store.protocol.Store` in one SQLite file.

    ``set_aside`` says which file could not be used and where it is kept, when a new cache was begun for that.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection, self.set_aside = open_cache(path)
        self._turn = anyio.Lock()
        self._at_work = threading.Lock()
        self._takes = Together(self._take)
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
        with Transaction(self._connection) as db:
            for table in _RUN_TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from a constant
            if (last := self._unfinished(db, now)) is not None and not fresh and last["options"] == options:
                started = moment(last["started_at"])
                assert started is not None, "a run that is found by its start has one"
                return Run(id=last["id"], started_at=started, resumed=True)
            run = Run(id=uuid.uuid4().hex[:12], started_at=now)
            db.execute(
                "INSERT INTO run (id, version, options, started_at) VALUES (?, ?, ?, ?)",
                (run.id, version, options, milliseconds(now)),
            )
            return run

    @staticmethod
    def _unfinished(db: sqlite3.Connection, now: datetime) -> sqlite3.Row | None:
        """The last run, if it was killed within a day. One that a wrong clock dated in the future is never the last."""
        latest = db.execute(
            "SELECT * FROM run WHERE started_at <= ? AND length(id) = 12 AND NOT id GLOB '*[^0-9a-f]*' "
            "ORDER BY started_at DESC, rowid DESC LIMIT 1",
            (milliseconds(now),),
        ).fetchone()
        earliest = milliseconds(now - RESUME_WITHIN) or 0
        if latest is None or latest["finished_at"] is not None or latest["started_at"] < earliest:
            return None
        return latest  # type: ignore[no-any-return]  # the row factory is ours

    async def add(self, documents: Sequence[FoundDocument], findings: Sequence[Finding] = ()) -> None:
        await self._call(lambda: adding.add(self._connection, self.run, documents, findings))

    async def plan(self, ages: Ages, now: datetime) -> int:
        return await self._call(lambda: planning.plan(self._connection, self.run, ages, now))

    # --- handing out -------------------------------------------------------------------------------

    async def hosts(self) -> Sequence[tuple[str, int]]:
        query = "SELECT host, count(*) FROM selected WHERE due = 1 AND by_api = 0 GROUP BY host ORDER BY 2 DESC, host"
        return await self._call(lambda: [(row[0], row[1]) for row in self._connection.execute(query)])

    async def kinds_by_api(self) -> Sequence[str]:
        query = "SELECT DISTINCT kind FROM selected WHERE due = 1 AND by_api = 1 ORDER BY kind"
        return await self._call(lambda: [row[0] for row in self._connection.execute(query)])

    async def due_by_api(self) -> Sequence[tuple[str, int]]:
        query = (
            "SELECT kind, count(*) FROM selected WHERE due = 1 AND by_api = 1 GROUP BY kind ORDER BY kind"
        )
        return await self._call(lambda: [(row[0], row[1]) for row in self._connection.execute(query)])

    async def take(self, host: str, limit: int) -> list[DueTarget]:
        return await self._takes.ask((host, limit))

    async def _take(self, wanted: Sequence[tuple[str, int]]) -> list[list[DueTarget]]:
        return await self._call(lambda: planning.take_of_hosts(self._connection, wanted))

    async def take_for_api(self, kind: str, limit: int) -> list[DueTarget]:
        return await self._call(lambda: planning.take_for_api(self._connection, kind, limit))

    async def release(self, ids: Sequence[str]) -> None:
        await self._each(
            "UPDATE selected SET due = 1, by_api = 0 WHERE target_id = ?", [(id_,) for id_ in ids]
        )

    async def release_unasked(self, ids: Sequence[str]) -> None:
        rows = [(id_,) for id_ in ids]
        await self._each(
            "UPDATE selected SET due = iif(wants_metadata = 2, 0, 1), by_api = 0 WHERE target_id = ?", rows
        )
        await self._each(
            "UPDATE target SET metadata_stale = 1 WHERE id = ? AND metadata IS NOT NULL "
            "AND (SELECT wants_metadata FROM selected WHERE target_id = id)",
            rows,
        )

    async def put_back(self, ids: Sequence[str]) -> None:
        await self._each(
            "UPDATE selected SET due = 1, deferred = NULL "
            "WHERE target_id = ? AND (due = 2 OR deferred = 'host-deferred')",
            [(id_,) for id_ in ids],
        )

    async def canaries(self, limit: int) -> Sequence[str]:
        return await self._call(
            lambda: [row["url"] for row in self._connection.execute(_CANARIES, (limit,))]
        )

    async def defer(self, ids: Sequence[str], reason: str) -> None:
        def work() -> None:
            with Transaction(self._connection) as db:
                planning.defer(db, ids, reason)

        if ids:
            await self._call(work)

    async def _each(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        def work() -> None:
            with Transaction(self._connection) as db:
                db.executemany(statement, rows)

        if rows:
            await self._call(work)

    async def defer_host(self, host: str, reason: str, keep: int = 0) -> int:
        return await self._call(lambda: planning.defer_host(self._connection, host, reason, keep))

    async def defer_rest(self, reason: str) -> int:
        statement = "UPDATE selected SET due = 0, deferred = ? WHERE due IN (1, 2)"

        def work() -> int:
            with Transaction(self._connection) as db:
                return db.execute(statement, (reason,)).rowcount

        return await self._call(work)

    async def waiting(self) -> Sequence[tuple[str, int]]:
        return await self._call(lambda: planning.waiting(self._connection))

    async def expect(self, turns: Sequence[ExpectedTurns]) -> None:
        def work() -> None:
            with Transaction(self._connection) as db:
                for one in turns:
                    planning.expect(db, one)

        await self._call(work)

    async def asked_since(self, host: str, since: datetime) -> int:
        return await self._call(lambda: planning.asked_since(self._connection, host, since))

    async def hold_hosts(self, holds: Mapping[str, datetime]) -> None:
        longest = round(BELIEVED_HOLD.total_seconds() * 1000)
        await self._each(_HOLD, [(host, milliseconds(until), longest) for host, until in holds.items()])

    async def held_hosts(self, now: datetime) -> Mapping[str, datetime]:
        query = "SELECT host, held_until FROM host WHERE held_until > ? AND held_until <= ?"

        def work() -> dict[str, datetime]:
            rows = self._connection.execute(query, (milliseconds(now), milliseconds(now + BELIEVED_HOLD)))
            return {host: datetime.fromtimestamp(until / 1000, UTC) for host, until in rows}

        return await self._call(work)

    # --- results -----------------------------------------------------------------------------------

    async def record(self, results: Sequence[CheckResult], rule: Confirmation) -> Sequence[TargetState]:
        # A result that was paid for with a request is stored even when the run is being cancelled.
        with anyio.CancelScope(shield=True):
            recorded = await self._call(lambda: recording.record(self._connection, self.run, results, rule))
        return recorded  # noqa: RET504 - returned from inside, mypy sees a scope that may swallow it

    async def finish(self, *, complete: bool, now: datetime) -> None:
        def work() -> None:
            with Transaction(self._connection) as db:
                if thinning.is_first_of_month(db, now):
                    thinning.thin(db, now)
                statement = "UPDATE run SET finished_at = ?, complete = ? WHERE id = ?"
                db.execute(statement, (milliseconds(now), complete, self.run.id))

        await self._call(work)

    async def read(self, use: Callable[[SqliteRows], T]) -> T:
        return await self._call(lambda: self._read(use))

    def _read(self, use: Callable[[SqliteRows], T]) -> T:
        rows = SqliteRows(self._connection)
        found = use(rows)
        if rows.unreadable:
            with Transaction(self._connection) as db:
                recording.forget_metadata(db, sorted(rows.unreadable))
        return found

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
            oldest_check=second(oldest),
            newest_check=second(newest),
            by_status=by_status,
        )

    async def stars(self, ids: Sequence[str]) -> Mapping[str, Stars]:
        return await self._call(lambda: stars_of(self._connection, ids))

    async def prune(self, unused_since: datetime, now: datetime) -> int:
        return await self._call(lambda: self._prune(unused_since, now))

    def _prune(self, unused_since: datetime, now: datetime) -> int:
        with Transaction(self._connection) as db:
            gone = db.execute(
                "DELETE FROM target WHERE seen_at < ?", (milliseconds(unused_since),)
            ).rowcount
            for table in ("checks", "change", "star", "alias", "selected"):
                db.execute(f"DELETE FROM {table} WHERE target_id NOT IN (SELECT id FROM target)")  # noqa: S608
            db.execute("DELETE FROM link WHERE target_id NOT IN (SELECT id FROM target)")
            db.execute("DELETE FROM host WHERE held_until < ?", (milliseconds(unused_since),))
            thinning.thin(db, now)
        self._connection.execute("VACUUM")
        return gone

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._call(self._connection.close)
