"""A store whose rows are in tables, whichever database keeps them.

Here stands what is done in one piece: a reading, or a writing that happens as a whole or not at all. How that is
carried out, and when it is tried again, is for `sqlite` and `postgres` to say; the work itself lies beside it: `adding`
(what a run finds), `planning` and `belief` (what is due), `recording` (answers), `report_rows`.
"""

from __future__ import annotations

import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

import anyio
import anyio.to_thread

from enrich.model import CheckResult, Finding, TargetState
from enrich.store import adding, memory, planning, recording, standing, thinning
from enrich.store.columns import milliseconds, moment, second
from enrich.store.database import Database, Row
from enrich.store.history import Confirmation
from enrich.store.protocol import (
    BELIEVED_HOLD,
    Ages,
    CacheInfo,
    DueTarget,
    ExpectedTurns,
    FoundDocument,
    Mark,
    Run,
    Stars,
)
from enrich.store.report_rows import StoredRows
from enrich.store.stars import stars_of
from enrich.store.together import Together

T = TypeVar("T")

RESUME_WITHIN = timedelta(days=1)

_OF_TARGETS = ("checks", "change", "star", "alias", "selected", "link")

# The oldest good answer of each host whose last one was good as well; the index by target serves the inner query.
_CANARIES = """
SELECT url FROM (
    SELECT url, host, since, row_number() OVER (PARTITION BY host ORDER BY since, url) AS place FROM (
        SELECT t.url, t.host, (SELECT min(c.at) FROM checks c WHERE c.target_id = t.id AND c.status = 'ok') AS since
        FROM target t WHERE t.status = 'ok' AND t.attempted_status = 'ok' AND t.url LIKE 'https://%') AS alive
    WHERE since IS NOT NULL) AS oldest
WHERE place = 1 ORDER BY since, host LIMIT ?
"""

# The later moment stays, unless it lies so far ahead that a wrong clock wrote it.
_HOLD = f"""
INSERT INTO host (host, held_until) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET held_until = excluded.held_until
WHERE host.held_until IS NULL OR host.held_until NOT BETWEEN excluded.held_until
    AND excluded.held_until + {round(BELIEVED_HOLD.total_seconds() * 1000)}
"""  # noqa: S608 - a number


class SqlStore(ABC):
    """The `enrich.store.protocol.Store` over one connection, but for how its work is carried out."""

    # What could not be used and is kept aside, where a new cache was begun for that.
    set_aside: str | None = None

    def __init__(self) -> None:
        self._turn = anyio.Lock()
        self._at_work = threading.Lock()
        self._takes = Together(self._take)
        self._run: Run | None = None
        self._standing = 0

    async def _alone(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, one piece at a time, to its end even when cancelled."""

        def alone() -> T:
            # A task that is cancelled from outside anyio leaves its thread at work: closing must wait for it.
            with self._at_work:
                return work()

        async with self._turn:
            return await anyio.to_thread.run_sync(alone)

    @abstractmethod
    async def _ask(self, work: Callable[[Database], T]) -> T:
        """Read: ``work`` sees the rows of one moment, and may be called again."""

    @abstractmethod
    async def _write(self, work: Callable[[Database], T], *, synced: bool = True) -> T:
        """Write: what ``work`` does counts once and as a whole, and is durable on return unless not ``synced``."""

    @abstractmethod
    async def _tell(self, use: Callable[[Database], T]) -> T:
        """Read as `_ask` does, with a ``use`` that acts on what it reads, and is called once."""

    @abstractmethod
    async def _bytes(self) -> int:
        """How large the cache is."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the cache."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def run(self) -> Run:
        assert self._run is not None, "begin() comes first"
        return self._run

    # --- a run -------------------------------------------------------------------------------------

    @property
    def standing(self) -> int:
        return self._standing

    async def marks(self, begin: int, count: int) -> Sequence[Mark]:
        return await self._ask(lambda db: standing.marks(db, begin, count))

    async def begin(self, *, version: str, options: str, now: datetime, fresh: bool) -> Run:
        new = Run(id=uuid.uuid4().hex[:12], started_at=now)
        run, self._standing = await self._write(
            lambda db: (_begin(db, new, version, options, fresh), standing.take_up(db))
        )
        self._run = run
        return run

    async def keep(self) -> None:
        await self._write(lambda db: standing.keep(db, self.run))
        self._standing = 0

    async def add(
        self,
        documents: Sequence[FoundDocument],
        findings: Sequence[Finding] = (),
        marks: Sequence[Mark] = (),
    ) -> None:
        stands = self._standing > 0

        def work(db: Database) -> None:
            if stands:
                standing.empty(db)
            adding.add(db, self.run, documents, findings)
            standing.note(db, marks)

        await self._write(work)
        self._standing = 0

    async def recall(self, keys: Sequence[str]) -> Mapping[str, FoundDocument]:
        return await self._ask(lambda db: memory.recall(db, keys))

    async def remember(self, new: Mapping[str, FoundDocument], again: Sequence[str]) -> None:
        # The commit after it makes it durable; lost, it is found anew.
        await self._write(lambda db: memory.remember(db, self.run, new, again), synced=False)

    async def settle(self, *, is_tidy: bool) -> None:
        def work(db: Database) -> None:
            if not is_tidy:
                memory.tidy(db, self.run)
            standing.settle(db)

        await self._write(work)

    async def plan(self, ages: Ages, now: datetime) -> int:
        assert not self._standing, "what stands is kept, or something else is added"
        return await self._write(lambda db: planning.plan(db, self.run, ages, now))

    # --- handing out -------------------------------------------------------------------------------

    async def hosts(self) -> Sequence[tuple[str, int]]:
        query = "SELECT host, count(*) FROM selected WHERE due = 1 AND by_api = 0 GROUP BY host ORDER BY 2 DESC, host"
        return await self._ask(lambda db: [(row[0], row[1]) for row in db.execute(query)])

    async def pages(self) -> Sequence[tuple[str, int]]:
        query = (
            "SELECT host, count(*) FROM selected WHERE due = 1 AND by_api = 0 AND wants_metadata > 0 "
            "GROUP BY host ORDER BY host"
        )
        return await self._ask(lambda db: [(row[0], row[1]) for row in db.execute(query)])

    async def kinds_by_api(self) -> Sequence[str]:
        return [kind for kind, _ in await self.due_by_api()]

    async def due_by_api(self) -> Sequence[tuple[str, int]]:
        query = (
            "SELECT kind, count(*) FROM selected WHERE due = 1 AND by_api = 1 GROUP BY kind ORDER BY kind"
        )
        return await self._ask(lambda db: [(row[0], row[1]) for row in db.execute(query)])

    async def take(self, host: str, limit: int) -> list[DueTarget]:
        return await self._takes.ask((host, limit))

    async def _take(self, wanted: Sequence[tuple[str, int]]) -> list[list[DueTarget]]:
        return await self._write(lambda db: planning.take_of_hosts(db, wanted), synced=False)

    async def take_for_api(self, kind: str, limit: int) -> list[DueTarget]:
        return await self._write(lambda db: planning.take_for_api(db, kind, limit), synced=False)

    async def release(self, ids: Sequence[str]) -> None:
        await self._write(lambda db: planning.release(db, ids))

    async def release_unasked(self, ids: Sequence[str]) -> None:
        await self._write(lambda db: planning.release_unasked(db, ids))

    async def put_back(self, ids: Sequence[str]) -> None:
        await self._each(
            "UPDATE selected SET due = 1, deferred = NULL "
            "WHERE target_id = ? AND (due = 2 OR deferred = 'host-deferred')",
            [(id_,) for id_ in ids],
        )

    async def canaries(self, limit: int) -> Sequence[str]:
        return await self._ask(lambda db: [row["url"] for row in db.execute(_CANARIES, (limit,))])

    async def defer(self, ids: Sequence[str], reason: str) -> None:
        if ids:
            await self._write(lambda db: planning.defer(db, ids, reason))

    async def _each(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        def work(db: Database) -> None:
            db.executemany(statement, rows)

        if rows:
            await self._write(work)

    async def defer_host(self, host: str, reason: str, keep: int = 0) -> int:
        return await self._write(lambda db: planning.defer_host(db, host, reason, keep))

    async def defer_rest(self, reason: str) -> int:
        statement = "UPDATE selected SET due = 0, deferred = ? WHERE due IN (1, 2)"
        return await self._write(lambda db: db.execute(statement, (reason,)).rowcount)

    async def waiting(self) -> Sequence[tuple[str, int]]:
        return await self._ask(planning.waiting)

    async def expect(self, turns: Sequence[ExpectedTurns]) -> None:
        def work(db: Database) -> None:
            for one in turns:
                planning.expect(db, one)

        await self._write(work)

    async def asked_since(self, host: str, since: datetime) -> int:
        return await self._ask(lambda db: planning.asked_since(db, host, since))

    async def hold_hosts(self, holds: Mapping[str, datetime]) -> None:
        await self._each(_HOLD, [(host, milliseconds(until)) for host, until in holds.items()])

    async def held_hosts(self, now: datetime) -> Mapping[str, datetime]:
        query = "SELECT host, held_until FROM host WHERE held_until > ? AND held_until <= ?"

        def work(db: Database) -> dict[str, datetime]:
            rows = db.execute(query, (milliseconds(now), milliseconds(now + BELIEVED_HOLD)))
            return {host: datetime.fromtimestamp(until / 1000, UTC) for host, until in rows}

        return await self._ask(work)

    # --- results -----------------------------------------------------------------------------------

    async def record(self, results: Sequence[CheckResult], rule: Confirmation) -> Sequence[TargetState]:
        # A result that was paid for with a request is stored even when the run is being cancelled.
        with anyio.CancelScope(shield=True):
            recorded = await self._write(lambda db: recording.record(db, self.run, results, rule))
        return recorded  # noqa: RET504 - returned from inside, mypy sees a scope that may swallow it

    async def finish(self, *, complete: bool, now: datetime) -> None:
        await self._write(lambda db: _finish(db, self.run, complete, now))

    async def read(self, use: Callable[[StoredRows], T]) -> T:
        found, unreadable = await self._tell(lambda db: _used(db, use))
        if unreadable:
            await self._write(lambda db: recording.forget_metadata(db, unreadable))
        return found

    # --- the cache as a whole ----------------------------------------------------------------------

    async def carry_out(self, work: Callable[[Database], T]) -> T:
        """Write what no method here does; it counts once and as a whole, and is durable on return."""
        return await self._write(work)

    async def info(self) -> CacheInfo:
        bytes_ = await self._bytes()
        return await self._ask(lambda db: _info(db, bytes_))

    async def stars(self, ids: Sequence[str]) -> Mapping[str, Stars]:
        return await self._ask(lambda db: stars_of(db, ids))

    async def prune(self, unused_since: datetime, now: datetime) -> int:
        return await self._write(lambda db: _prune(db, unused_since, now))


def _begin(db: Database, new: Run, version: str, options: str, fresh: bool) -> Run:
    """Go on with the last run if that was killed, else begin the new one."""
    last = _unfinished(db, new.started_at)
    if last is not None and not fresh and last["options"] == options:
        started = moment(last["started_at"])
        assert started is not None, "a run that is found by its start has one"
        return Run(id=last["id"], started_at=started, resumed=True)
    db.execute(
        "INSERT INTO run (id, version, options, started_at) VALUES (?, ?, ?, ?)",
        (new.id, version, options, milliseconds(new.started_at)),
    )
    return new


def _unfinished(db: Database, now: datetime) -> Row | None:
    """The last run, if it was killed within a day. One that a wrong clock dated in the future is never the last."""
    latest = db.execute(
        f"SELECT * FROM run WHERE started_at <= ? AND length(id) = 12 AND NOT {db.dialect.holds_any('id', '^0-9a-f')} "  # noqa: S608
        f"ORDER BY started_at DESC, {db.dialect.row_number} DESC LIMIT 1",
        (milliseconds(now),),
    ).fetchone()
    earliest = milliseconds(now - RESUME_WITHIN) or 0
    if latest is None or latest["finished_at"] is not None or latest["started_at"] < earliest:
        return None
    return latest  # type: ignore[no-any-return]  # a row is what it is taken for


def _finish(db: Database, run: Run, complete: bool, now: datetime) -> None:
    if thinning.is_first_of_month(db, now):
        thinning.thin(db, now)
    statement = "UPDATE run SET finished_at = ?, complete = ? WHERE id = ?"
    db.execute(statement, (milliseconds(now), complete, run.id))


def _used(db: Database, use: Callable[[StoredRows], T]) -> tuple[T, list[str]]:
    rows = StoredRows(db)
    return use(rows), sorted(rows.unreadable)


def _info(db: Database, bytes_: int) -> CacheInfo:
    oldest, newest, checks = db.execute("SELECT min(at), max(at), count(*) FROM checks").fetchone()
    statuses = db.execute(
        "SELECT coalesce(status, 'never asked'), count(*) FROM target GROUP BY 1 ORDER BY 1"
    )
    by_status = {row[0]: row[1] for row in statuses}
    return CacheInfo(
        targets=sum(by_status.values()),
        checks=checks,
        runs=db.execute("SELECT count(*) FROM run").fetchone()[0],
        bytes=bytes_,
        oldest_check=second(oldest),
        newest_check=second(newest),
        by_status=by_status,
    )


def _prune(db: Database, unused_since: datetime, now: datetime) -> int:
    standing.disturb(db)
    gone = db.execute("DELETE FROM target WHERE seen_at < ?", (milliseconds(unused_since),)).rowcount
    for table in _OF_TARGETS:
        db.execute(f"DELETE FROM {table} WHERE target_id NOT IN (SELECT id FROM target)")  # noqa: S608
    db.execute("DELETE FROM host WHERE held_until < ?", (milliseconds(unused_since),))
    thinning.thin(db, now)
    return gone
