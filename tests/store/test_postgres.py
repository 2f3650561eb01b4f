"""What PostgreSQL adds to what every store promises: a wire that breaks, a server that restarts, roles, and texts."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from cut_wire import wire
from hypothesis import given
from hypothesis import strategies as st
from postgres import Postgres, serve

from enrich.errors import StorageError
from enrich.model import CheckResult, Element, Identity, Link, Page, Status, Verdict
from enrich.registry import reasons
from enrich.store.history import Confirmation
from enrich.store.protocol import Ages, FoundDocument, FoundLink, FoundTarget
from enrich.store.report_rows import StoredRows
from enrich.store.sql import SqlStore
from enrich.store.sqlite import SqliteStore

psycopg = pytest.importorskip("psycopg")

from enrich.store import postgres as store_on_postgres  # noqa: E402
from enrich.store import postgres_schema  # noqa: E402 - psycopg may be missing
from enrich.store.postgres import PostgresStore, connect, hold  # noqa: E402
from enrich.store.postgres_database import escaped, translated, unescaped  # noqa: E402

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
RULE = Confirmation()
OK = Verdict(Status.OK, "http-200")
AGES = Ages(by_kind={"web": (7 * 86400.0, 30 * 86400.0)})


def document(*names: str, path: str = "a.md", title: str = "T") -> FoundDocument:
    links = []
    for line, name in enumerate(names, 1):
        url = f"https://a.example/{name}"
        target = FoundTarget(identity=Identity(id=name, kind="web", url=url), host="a.example")  # type: ignore[arg-type]
        link = Link(url=url, line=line, column=1, element=Element.INLINE, text=name)
        links.append(FoundLink(link=link, target=target))
    return FoundDocument(path=path, title=title, date=None, date_source="none", links=links)


async def begin(store: SqlStore, *documents: FoundDocument, now: datetime = NOW) -> None:
    await store.begin(version="1", options="{}", now=now, fresh=True)
    await store.add(documents)


def result(name: str, verdict: Verdict = OK, at: datetime = NOW) -> CheckResult:
    return CheckResult(target_id=name, at=at, verdict=verdict)


def rows_of(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


# --- texts ----------------------------------------------------------------------------------------


@given(st.text(st.characters()))
def test_any_text_comes_back_and_can_be_stored(text: str) -> None:
    stored = escaped(text)
    assert unescaped(stored) == text
    assert "\x00" not in stored
    stored.encode()


@given(st.lists(st.text(st.sampled_from("\x00\x01\x02aB01s"), max_size=4)))
def test_stored_texts_are_sorted_as_the_texts_are(texts: list[str]) -> None:
    assert [unescaped(stored) for stored in sorted(map(escaped, texts))] == sorted(texts)


async def test_what_postgresql_cannot_store_is_stored_all_the_same(postgres_url: str) -> None:
    names = ["a\x00b", "half \ud83d of a pair", "\x010", "é\\N\t\n"]
    async with PostgresStore(postgres_url) as store:
        await begin(store, document(*names, title="T\x00"))
        targets = await store.read(lambda rows: list(rows.targets()))
        (read,) = await store.read(lambda rows: list(rows.documents()))
    assert sorted(target.id for target in targets) == sorted(names)
    assert {target.links[0].text for target in targets} == set(names)
    assert read.title == "T\x00"


async def test_rows_come_in_the_order_of_their_bytes(postgres_url: str) -> None:
    names = ["b", "B", "a", "A", "é", "Z", "_", "中"]
    async with PostgresStore(postgres_url) as store:
        await begin(store, *(document(name, path=f"{name}.md") for name in names))
        targets = await store.read(lambda rows: [target.id for target in rows.targets()])
        paths = await store.read(lambda rows: [one.path for one in rows.documents()])
        await store.plan(AGES, NOW)
        taken = [due.target.id for due in await store.take("a.example", 10)]
    assert targets == taken == sorted(names)
    assert paths == sorted(f"{name}.md" for name in names)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT ? WHERE a = :name AND b LIKE 'x%'", "SELECT %s WHERE a = %(name)s AND b LIKE 'x%%'"),
        ("SELECT '?', ':no', 'it''s ?', 5 % 3", "SELECT '?', ':no', 'it''s ?', 5 %% 3"),
    ],
)
def test_placeholders_are_put_into_psycopgs_words(ours: str, theirs: str) -> None:
    assert translated(ours) == theirs


# --- the same on both ------------------------------------------------------------------------------


def past(dice: random.Random, names: list[str]) -> list[CheckResult]:
    """What a year of checks may have found, in the order of time."""
    verdicts = [OK, OK, Verdict(Status.REDIRECTED, "http-301"), Verdict(Status.BROKEN, "http-410"),
                Verdict(Status.BROKEN, "http-404"), Verdict(Status.BLOCKED, "http-403"),
                Verdict(Status.UNREACHABLE, "timeout")]  # fmt: skip
    assert {verdict.reason for verdict in verdicts} <= set(reasons())
    made = []
    for name in dice.sample(names, len(names) - 20):
        verdict = dice.choice(verdicts)
        for _ in range(dice.randint(1, 4)):
            at = NOW - timedelta(seconds=dice.uniform(-3600, 45 * 86400))
            page = Page(title=name) if dice.random() < 0.5 and verdict is OK else None
            made.append(
                CheckResult(target_id=name, at=at, verdict=verdict, metadata=page, wanted_metadata=dice.random() < 0.8)
            )  # fmt: skip
    return sorted(made, key=lambda one: one.at)


async def plans(store: SqlStore, ages: list[Ages]) -> list[object]:
    """What is taken of a history in nights to come, in its order, and what a report says before that."""
    dice = random.Random(8)
    names = [f"n{number:03}" for number in range(300)]
    await begin(store, document(*names))
    for one in past(dice, names):
        await store.record([one], RULE)
    found: list[object] = [await store.read(lambda rows: list(rows.targets()))]
    for night, age in enumerate(ages):
        now = NOW + timedelta(days=night)
        await begin(store, document(*names), now=now)
        found.append((await store.plan(age, now), await store.take("a.example", 1000)))
    return found


async def test_both_databases_make_the_same_plans(tmp_path: Path, postgres_url: str) -> None:
    day = 86400.0
    spread = Ages(
        by_kind={"web": (7 * day, 30 * day)}, spread_by_kind={"web": 2 * day}, confirmed_spread=8 * day
    )
    ages = [spread] * 12 + [
        AGES,
        Ages(by_kind={"web": (0.0, 0.0)}),
        Ages(by_kind={"web": (7 * day, day)}, metadata=True, spread_by_kind={"web": day}),
        Ages(by_kind={"web": (7 * day, day)}, metadata=False, broken_again=True),
        Ages(by_kind={"web": (7 * day, day)}, max_age=3 * day),
        Ages(by_kind={"web": (7 * day, day)}, refresh=True),
    ]
    async with SqliteStore(tmp_path / "cache.sqlite3") as file, PostgresStore(postgres_url) as server:
        of_file, of_server = await plans(file, ages), await plans(server, ages)
    counts = [one[0] for one in of_file[1:]]  # type: ignore[index]
    assert len(set(counts)) > 6, "nights differ, so that the dice were thrown"
    for ours, theirs in zip(of_file, of_server, strict=True):
        assert theirs == ours


# --- a wire that breaks ----------------------------------------------------------------------------


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("word", [b"COMMIT", b"BEGIN", b"INSERT INTO checks"])
async def test_what_is_recorded_while_the_connection_is_lost_is_recorded_once(
    postgres_url: str, word: bytes, arrives: bool
) -> None:
    with wire(postgres_url) as cut:
        async with PostgresStore(cut.url) as store:
            await begin(store, document("x", "y"))
            cut.arm(word, arrives=arrives)
            (state,) = await store.record([result("x")], RULE)
            assert (state.status, state.attempts) == (Status.OK, 1)
            (other,) = await store.record([result("y")], RULE)
            assert other.status is Status.OK
        assert cut.cuts == 1
    assert rows_of(postgres_url, "SELECT target_id FROM checks ORDER BY 1") == [("x",), ("y",)]


@pytest.mark.parametrize("arrives", [True, False])
async def test_targets_that_are_taken_while_the_connection_is_lost_are_handed_out_once(
    postgres_url: str, arrives: bool
) -> None:
    with wire(postgres_url) as cut:
        async with PostgresStore(cut.url) as store:
            await begin(store, document("x", "y", "z"))
            await store.plan(AGES, NOW)
            cut.arm(b"COMMIT", arrives=arrives)
            taken = [await store.take("a.example", 1) for _ in range(4)]
            assert [[one.target.id for one in some] for some in taken] == [["x"], ["y"], ["z"], []]


@pytest.mark.parametrize("is_in_time", [True, False])
async def test_a_report_that_was_read_whole_before_the_server_went_is_one(
    postgres_url: str, is_in_time: bool
) -> None:
    with wire(postgres_url) as cut:
        async with PostgresStore(cut.url) as store:
            await begin(store, document("x"))

            def use(rows: StoredRows) -> str:
                cut.arm(b"COMMIT" if is_in_time else b"FROM", arrives=False)
                (document,) = rows.documents()
                return document.path

            if is_in_time:
                assert await store.read(use) == "a.md"
            else:
                with pytest.raises(StorageError):
                    await store.read(use)
            assert cut.cuts == 1


async def test_a_server_that_crashes_again_and_again_loses_nothing_and_counts_nothing_twice() -> None:
    names = [f"n{number:03}" for number in range(300)]
    with serve(durable=True) as server:
        url = server.database()
        stored: list[str] = []
        reached = {part: anyio.Event() for part in (40, 120, 200)}

        async def record(store: PostgresStore) -> None:
            for name in names:
                await store.record([result(name)], RULE)
                stored.append(name)
                if len(stored) in reached:
                    reached[len(stored)].set()

        with hold(url):
            async with PostgresStore(url) as store, anyio.create_task_group() as tasks:
                await begin(store, document(*names))
                tasks.start_soon(record, store)
                for part in reached:
                    await reached[part].wait()
                    await anyio.to_thread.run_sync(server.restart)
        assert rows_of(url, "SELECT target_id FROM checks ORDER BY 1") == [(name,) for name in names]


async def test_what_a_crash_makes_the_server_forget_of_handing_out_is_not_handed_out_again(
    postgres_url: str,
) -> None:
    """A statement stands in for the crash: what was not synced is gone, and so is the connection."""
    async with PostgresStore(postgres_url) as store:
        await begin(store, document("x", "y", "z"))
        await store.plan(AGES, NOW)
        await store.record([result("z")], RULE)
        (first,) = await store.take("a.example", 1)
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("UPDATE selected SET due = 1 WHERE due = 2")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'enrich'"
            )
        (second,) = await store.take("a.example", 1)
        assert {first.target.id, second.target.id} == {"x", "y"}
        await store.release([first.target.id])
        assert [one.target.id for one in await store.take("a.example", 9)] == [first.target.id]


def test_the_server_minds_whether_the_machine_that_holds_the_cache_is_there(postgres_url: str) -> None:
    """On a socket it has nothing to mind, so that only who set it can be seen."""
    with connect(postgres_url) as connection:
        rows = connection.execute("SELECT source FROM pg_settings WHERE name LIKE 'tcp\\_%'").fetchall()
    assert [row[0] for row in rows] == ["session"] * 4


async def test_a_server_that_stays_away_is_named_without_its_password(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_on_postgres, "PAUSES", (0.0,))
    with wire(postgres.url("postgres", password="secret", options="-csearch_path=x")) as cut:
        postgres.execute("CREATE SCHEMA IF NOT EXISTS x")
        async with PostgresStore(cut.url) as store:
            await begin(store, document("x"))
            cut.close()
            cut.arm(b"BEGIN", arrives=False)
            with pytest.raises(StorageError, match="is the server running") as caught:
                await store.record([result("x")], RULE)
    assert "secret" not in str(caught.value)
    with pytest.raises(StorageError, match="is the server running") as caught:
        PostgresStore(cut.url)
    assert "secret" not in str(caught.value)


# --- tables ----------------------------------------------------------------------------------------


def test_all_that_begin_at_the_same_moment_find_the_tables_made_once(postgres_url: str) -> None:
    together = threading.Barrier(5)

    def open_it() -> list[tuple[object, ...]]:
        together.wait()
        with connect(postgres_url) as connection:
            return [tuple(row) for row in connection.execute("SELECT part FROM enrich_version ORDER BY 1")]

    with ThreadPoolExecutor(5) as pool:
        found = [future.result() for future in [pool.submit(open_it) for _ in range(5)]]
    assert found == [[("cache",), ("shared",)]] * 5


def tables(url: str) -> list[tuple[object, ...]]:
    return rows_of(url, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")


def test_a_newer_cache_is_refused(postgres_url: str) -> None:
    connect(postgres_url).close()
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE enrich_version SET version = version + 1 WHERE part = 'shared'")
    with pytest.raises(StorageError, match="newer enrich"):
        PostgresStore(postgres_url)


def test_tables_of_somebody_else_are_left_alone(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE link (mine TEXT)")
    with pytest.raises(StorageError, match="a database or a schema of its own"):
        PostgresStore(postgres_url)
    assert tables(postgres_url) == [("link",)]


async def test_a_step_that_fails_leaves_the_old_tables_and_an_older_cache_is_brought_up_to_date(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PostgresStore(postgres_url) as store:
        await begin(store, document("x"))
    before = tables(postgres_url)

    def later(db: object) -> None:
        db.execute("CREATE TABLE later (name TEXT PRIMARY KEY) WITHOUT ROWID")  # type: ignore[attr-defined]

    def fail(db: object) -> None:
        later(db)
        db.execute("SELECT nothing FROM nowhere")  # type: ignore[attr-defined]

    parts = postgres_schema._PARTS
    monkeypatch.setattr(postgres_schema, "_PARTS", {**parts, "shared": (*parts["shared"], fail)})
    with pytest.raises(StorageError, match="nowhere"):
        PostgresStore(postgres_url)
    assert tables(postgres_url) == before
    monkeypatch.setattr(postgres_schema, "_PARTS", {**parts, "shared": (*parts["shared"], later)})
    with pytest.raises(StorageError, match="older enrich"):
        PostgresStore(postgres_url, reading=True)
    async with PostgresStore(postgres_url) as store:
        assert (await store.info()).targets == 1
    assert ("later",) in tables(postgres_url)


async def test_a_role_that_may_only_read_reads_and_cannot_write(
    postgres: Postgres, postgres_url: str
) -> None:
    async with PostgresStore(postgres_url) as store:
        await begin(store, document("x"))
        await store.record([result("x")], RULE)
    name = postgres_url.rsplit("%3D", 1)[1]
    postgres.execute(
        f"CREATE ROLE reader_of_{name} LOGIN; GRANT USAGE ON SCHEMA {name} TO reader_of_{name}; "
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO reader_of_{name}"
    )
    url = postgres.url("postgres", user=f"reader_of_{name}", options=f"-csearch_path={name}")
    async with PostgresStore(url, reading=True) as store:
        info = await store.info()
        assert (info.targets, info.checks, info.runs) == (1, 1, 1)
        assert info.bytes > 0
        with pytest.raises(StorageError, match="the role may not do this"):
            await store.hold_hosts({"a.example": NOW})


def test_a_place_without_a_cache_is_not_made_one_by_a_reader(postgres_url: str) -> None:
    with pytest.raises(StorageError, match="no cache is here"):
        PostgresStore(postgres_url, reading=True)
    assert tables(postgres_url) == []


async def test_a_run_that_another_began_can_be_joined(postgres_url: str) -> None:
    async with PostgresStore(postgres_url) as driver, PostgresStore(postgres_url) as worker:
        await begin(driver, document("x"))
        joined = await worker.attach(driver.run.id)
        assert (joined.id, joined.started_at) == (driver.run.id, driver.run.started_at)
        await driver.plan(AGES, NOW)
        assert [due.target.id for due in await worker.take("a.example", 5)] == ["x"]
        assert await driver.take("a.example", 5) == []
        with pytest.raises(StorageError, match="no run nobody"):
            await worker.attach("nobody")
