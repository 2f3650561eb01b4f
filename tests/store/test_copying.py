"""A cache that is copied from one sort of store to another is the same cache."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from rows import report_entry

from enrich.errors import UsageError
from enrich.model import (
    CanonicalUrl,
    CheckResult,
    Element,
    EntryLink,
    Finding,
    Identity,
    Link,
    Page,
    Repository,
    Severity,
    Status,
    Verdict,
)
from enrich.store import copying
from enrich.store.caches import Cache, FileCache, ServerCache, open_store, reading
from enrich.store.copying import copy, sight
from enrich.store.database import Database
from enrich.store.history import Confirmation
from enrich.store.protocol import Ages, FoundDocument, FoundLink, FoundTarget, Mark
from enrich.store.schema import TABLES, Table
from enrich.store.sql import SqlStore

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
AGES = Ages(by_kind=dict.fromkeys(("web", "github"), (7 * 86400.0, 30 * 86400.0)))
VERDICTS = [
    Verdict(Status.OK, "http-200"),
    Verdict(Status.BROKEN, "http-410", "gone \x00 for good"),
    Verdict(Status.BLOCKED, "http-403"),
]


def found(number: int) -> FoundLink:
    kind = "github" if number % 7 == 0 else "web"
    url = CanonicalUrl(f"https://h{number % 5}.example/é/{number}")
    target = FoundTarget(
        identity=Identity(id=f"{kind}:Ünï-{number}", kind=kind, url=url), host=f"h{number % 5}.example"
    )
    link = Link(url=url, line=number + 1, column=2, element=Element.INLINE, text=f"label \x00{number}")
    return FoundLink(link=link, target=target)


def document(number: int) -> FoundDocument:
    links = [found(number * 20 + one) for one in range(20)]
    named = EntryLink(line=1, url=links[0].link.url, target=links[0].target.identity.id)
    entry = report_entry(f"{number}.md", title="An entry", article=named, papers=[named])
    finding = Finding(
        code="document-unreadable", severity=Severity.NOTE, message="m", document=f"{number}.md"
    )
    return FoundDocument(
        path=f"{number}.md", title="T", date=None, date_source="none", links=links, findings=[finding], entries=[entry]
    )  # fmt: skip


async def fill(store: SqlStore) -> None:
    """Three nights of a collection, the last of them unfinished; every table has rows."""
    dice = random.Random(3)
    for night in range(3):
        now = NOW + timedelta(days=night)
        await store.begin(version="1", options="{}", now=now, fresh=True)
        await store.add([document(number) for number in range(6)])
        await store.plan(AGES, now)
        results = []
        for host, _ in await store.hosts():
            for due in await store.take(host, 100):
                verdict = dice.choice(VERDICTS)
                of = Repository(full_name=due.target.id, repository_id=7, stars=dice.randint(0, 99))
                metadata = of if due.target.kind == "github" else Page(title="中文 \x00")
                results.append(
                    CheckResult(target_id=due.target.id, at=now, verdict=verdict, metadata=metadata, wanted_metadata=True)
                )  # fmt: skip
        meant = CheckResult(
            target_id=results[0].target_id, at=now, verdict=VERDICTS[0], alias=f"web:alias-{night}"
        )
        await store.record([*results[1:], meant], Confirmation())
        await store.remember({f"0{night}": document(night)}, [])
        await store.add([], marks=[Mark("0a", False, [("a%20b.md", "file:a b.md", None)])])
        await store.hold_hosts({"h1.example": now})
        if night < 2:
            await store.finish(complete=True, now=now)


def rows_of(db: Database, table: Table) -> list[tuple[object, ...]]:
    own = sight(db, table)
    query = f"SELECT {own.columns} FROM {table.name} ORDER BY {', '.join(own.key)}"
    return [tuple(row) for row in db.execute(query)]


def contents(cache: Cache) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, in the order of their keys."""
    with reading(cache) as db:
        return {table.name: rows_of(db, table) for table in TABLES}


@pytest.fixture
def file(tmp_path: Path) -> FileCache:
    return FileCache(tmp_path / "cache.sqlite3")


@pytest.fixture
def server(postgres_url: str) -> ServerCache:
    return ServerCache(postgres_url)


async def filled(cache: Cache) -> Cache:
    async with open_store(cache) as store:
        await fill(store)
    return cache


async def test_all_tables_of_a_cache_are_copied(file: FileCache) -> None:
    async with open_store(file):
        pass
    with contextlib.closing(sqlite3.connect(file.path)) as db:
        made = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {table.name for table in TABLES} == made


@pytest.mark.parametrize("rows", [7, 5000])
async def test_a_copy_there_and_back_is_the_same_cache(
    file: FileCache, server: ServerCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(copying, "ROWS_AT_ONCE", rows)
    wanted = contents(await filled(file))
    assert all(wanted.values()), "every table has rows"
    copied = await copy(file, server)
    assert contents(server) == wanted
    assert copied == {name: len(rows) for name, rows in wanted.items()}
    back = FileCache(tmp_path / "back.sqlite3")
    await copy(server, back)
    assert contents(back) == wanted


async def test_the_checks_of_a_server_are_looked_through_once(
    file: FileCache, server: ServerCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have no index on what they are copied by, and are most of a cache."""
    from enrich.store.postgres_database import PostgresDatabase

    await copy(await filled(file), server)
    monkeypatch.setattr(copying, "ROWS_AT_ONCE", 7)
    asked: list[str] = []
    execute, stream = PostgresDatabase.execute, PostgresDatabase.stream

    def noted(kept: Callable[..., Any]) -> Callable[..., Any]:
        def note(database: PostgresDatabase, sql: str, *rest: Any) -> Any:
            asked.append(sql)
            return kept(database, sql, *rest)

        return note

    monkeypatch.setattr(PostgresDatabase, "execute", noted(execute))
    monkeypatch.setattr(PostgresDatabase, "stream", noted(stream))
    await copy(server, FileCache(tmp_path / "back.sqlite3"))
    assert len([sql for sql in asked if "FROM checks" in sql and "ORDER BY" in sql]) == 1


async def test_what_began_on_a_server_goes_to_a_file_as_it_is(file: FileCache, server: ServerCache) -> None:
    wanted = contents(await filled(server))
    await copy(server, file)
    assert contents(file) == wanted


async def test_a_copy_is_a_cache_that_runs_go_on_with(file: FileCache, server: ServerCache) -> None:
    await copy(await filled(file), server)
    later = NOW + timedelta(days=2, hours=1)
    for cache in (file, server):
        async with open_store(cache) as store:
            run = await store.begin(version="1", options="{}", now=later, fresh=False)
            assert run.resumed, "the last run was not finished"
            await store.add([document(0)])
            assert await store.plan(AGES, later) == 0
            await store.begin(version="1", options="{}", now=later, fresh=True)
            await store.add([document(0)])
            name = document(0).links[3].target.identity.id
            await store.record([CheckResult(target_id=name, at=later, verdict=VERDICTS[0])], Confirmation())
    ours, theirs = contents(file), contents(server)
    assert [row[0] for row in theirs["checks"]] == [row[0] for row in ours["checks"]]
    assert {name: len(rows) for name, rows in theirs.items()} == {
        name: len(rows) for name, rows in ours.items()
    }


COPIES = """
import os, signal, sys
import anyio
from enrich.store import copying
from enrich.store.caches import cache_at
from enrich.store.sql import SqlStore

copying.ROWS_AT_ONCE = 23
left, carry_out = int(sys.argv[3]), SqlStore.carry_out

async def dying(self, work):
    global left
    left -= 1
    if left == 0:
        if sys.argv[4] == "within":
            await carry_out(self, lambda db: (work(db), os.kill(os.getpid(), signal.SIGKILL)))
        os.kill(os.getpid(), signal.SIGKILL)
    return await carry_out(self, work)

SqlStore.carry_out = dying
anyio.run(copying.copy, cache_at(sys.argv[1]), cache_at(sys.argv[2]))
"""


def location(cache: Cache) -> str:
    return cache.url if isinstance(cache, ServerCache) else f"sqlite:{cache.path}"


@pytest.mark.killloop
@pytest.mark.parametrize("to_server", [True, False])
async def test_a_copy_that_is_killed_again_and_again_ends_with_the_same_contents(
    file: FileCache, server: ServerCache, to_server: bool
) -> None:
    source, sink = (file, server) if to_server else (server, file)
    wanted = contents(await filled(source))
    killed, rounds = 0, [(12, "within"), (9, "between"), (2, "between"), (25, "within"), (500, "never")]
    for calls, when in rounds:
        command = [sys.executable, "-c", COPIES, location(source), location(sink), str(calls), when]
        done = await anyio.run_process(command, check=False)
        killed += done.returncode == -signal.SIGKILL
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    assert killed >= 3
    assert done.returncode == 0
    assert contents(sink) == wanted


@pytest.mark.parametrize("to_server", [True, False])
async def test_a_copy_that_was_ended_when_all_had_arrived_is_one(
    file: FileCache, server: ServerCache, to_server: bool
) -> None:
    source, sink = (file, server) if to_server else (server, file)
    await filled(source)
    counted = await copy(source, sink)
    assert await copy(source, sink) == counted
    assert contents(sink) == contents(source)


async def test_rows_of_two_caches_are_not_mixed(
    file: FileCache, server: ServerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(file)
    await filled(server)
    before = contents(server)
    with pytest.raises(UsageError, match="is not empty"):
        await copy(file, server)
    assert contents(server) == before


async def test_a_copy_is_not_gone_on_with_from_a_cache_that_has_changed(
    file: FileCache, server: ServerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(file)

    async def fail(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(copying, "_copy_table", fail)
        with pytest.raises(RuntimeError, match="killed"):
            await copy(file, server)
    async with open_store(file) as store:
        await store.begin(version="1", options="{}", now=NOW + timedelta(days=9), fresh=True)
    with pytest.raises(UsageError, match="as it was before"):
        await copy(file, server)


async def test_a_cache_with_damaged_letters_is_copied_with_them_replaced(
    server: ServerCache, file: FileCache
) -> None:
    async with open_store(server) as store:
        await store.begin(version="1", options="{}", now=NOW, fresh=True)
        await store.add(
            [FoundDocument(path="half \ud83d.md", title=None, date=None, date_source="none", links=[])]
        )
    await copy(server, file)
    with contextlib.closing(sqlite3.connect(file.path)) as db:
        assert db.execute("SELECT path FROM document").fetchall() == [("half \ufffd.md",)]
