"""A cache may be written by a stranger, or by a disk that forgets: what enrich never writes is not believed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrich.model import CanonicalUrl, CheckResult, Element, Link, ReportTarget, Repository, Status, Verdict
from enrich.registry import identify
from enrich.store.history import Confirmation
from enrich.store.protocol import Ages, FoundDocument, FoundLink, FoundTarget
from enrich.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
AT = round(NOW.timestamp() * 1000)
URL, OTHER = "https://github.com/o/r", "https://github.com/o/other"
AGES = Ages(by_kind=dict.fromkeys(("web", "arxiv", "github", "wechat"), (7 * 86400.0, 30 * 86400.0)))
GONE = Verdict(Status.BROKEN, "github-not-found")


def document(*urls: str) -> FoundDocument:
    links = [
        FoundLink(
            link=Link(url=url, line=line, column=1, element=Element.BARE),
            target=FoundTarget(identity=identify(CanonicalUrl(url)), host="github.com", asks_api=True),
        )
        for line, url in enumerate(urls, 1)
    ]
    return FoundDocument(path="a.md", title=None, date=None, date_source="none", links=links)


async def remembered(path: Path) -> Path:
    """A cache of today in which one repository is known to be there."""
    async with SqliteStore(path) as store:
        await store.begin(version="1", options="{}", now=NOW - timedelta(days=1), fresh=True)
        await store.add([document(URL)])
        await store.plan(AGES, NOW)
        result = CheckResult(
            target_id="github:o/r", at=NOW - timedelta(hours=3), verdict=Verdict(Status.OK, "github-found"),
            http_status=200, metadata=Repository(full_name="o/r", stars=7), metadata_source="github",
            wanted_metadata=True,
        )  # fmt: skip
        await store.record([result], Confirmation())
        await store.finish(complete=True, now=NOW - timedelta(hours=2))
    return path


def plant(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


async def read(store: SqliteStore, now: datetime = NOW) -> tuple[int, ReportTarget]:
    """How many targets are due, and what a report that asked nobody says of the first."""
    await store.begin(version="1", options="{}", now=now, fresh=False)
    await store.add([document(URL)])
    due = await store.plan(AGES, now)
    (row,) = await store.read(lambda rows: list(rows.targets()))
    return due, row


async def test_a_row_as_enrich_writes_it_is_believed(tmp_path: Path) -> None:
    async with SqliteStore(await remembered(tmp_path / "cache.sqlite3")) as store:
        due, row = await read(store)
    assert (due, row.status, row.metadata) == (0, "ok", Repository(full_name="o/r", stars=7))


@pytest.mark.parametrize(
    "planted",
    [
        "status = 'alive'",
        "status = 'skipped'",
        "status = x'6f6b'",
        "reason = 'no-such-reason'",
        "reason = x'00ff'",
        "reason = NULL",
        "reason = char(27) || '[31mhttp-200'",
        "attempted_status = 'fine'",
        "checked_at = 'yesterday'",
        "checked_at = NULL",
        "checked_at = -1",
        "checked_at = 1e300, attempted_at = 1e300",
        f"attempted_at = {AT} + 3 * 86400000",
        f"last_ok_at = {AT} + 4000000000000",
        "first_failed_at = x'01'",
        "certain_since = 9223372036854775807",
        "attempts = -1",
        "attempts = 'many'",
        "failed_checks = 10000000000",
        "confirmed = 7",
        "http_status = 'ok'",
        "http_status = 20000",
        "detail = zeroblob(5000000)",
        "detail = printf('%.*c', 5000000, 'x')",
        "final_url = 'javascript:alert(1)'",
        "final_url = 'https://a.example/' || char(10) || '::error::x'",
        "suggestion_url = 'https://a.example/' || char(27) || '[2J', suggestion_reason = 'x'",
        "metadata_tried_at = 'never'",
        "metadata_fetched_at = -5",
        "metadata = x'7b7d'",
        "metadata_stale = 'so so'",
        f"url = '{OTHER}'",
        "url = x'00'",
    ],
)
async def test_a_row_that_enrich_never_writes_counts_as_never_asked(tmp_path: Path, planted: str) -> None:
    path = await remembered(tmp_path / "cache.sqlite3")
    plant(path, f"UPDATE target SET {planted}")
    async with SqliteStore(path) as store:
        assert store.set_aside is None
        due, row = await read(store)
        assert (due, row.status, row.reason, row.checked_at, row.metadata) == (
            1, "skipped", "not-reached", None, None,
        )  # fmt: skip
        # And the first answer takes its place, with no history behind it.
        (one,) = await store.take_for_api("github", 9)
        assert one.wants_metadata
        await store.record([CheckResult(target_id="github:o/r", at=NOW, verdict=GONE)], Confirmation())
        (row,) = await store.read(lambda rows: list(rows.targets()))
        assert (row.status, row.confirmed, row.failed_checks, row.metadata) == ("broken", False, 1, None)
        due, row = await read(store, NOW + timedelta(hours=1))
        assert (due, row.status) == (0, "broken")


@pytest.mark.parametrize(
    "planted",
    [
        "not json", "[]", "null", "{}", '{"type": "virus"}', '{"type": "repository"}', '{"type":"page","title":7}',
        '{"type":"repository","full_name":"o/r","stars":-7}', '{"type":"repository","full_name":"o/r","stars":NaN}',
        "[" * 100_000,
    ],
)  # fmt: skip
async def test_metadata_that_cannot_be_read_are_asked_for_again(tmp_path: Path, planted: str) -> None:
    path = await remembered(tmp_path / "cache.sqlite3")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE target SET metadata = ?", (planted,))
    connection.commit()
    connection.close()
    async with SqliteStore(path) as store:
        _, row = await read(store)
        assert (row.status, row.metadata, row.metadata_source, row.metadata_fetched_at) == (
            "ok",
            None,
            None,
            None,
        )
        assert (await read(store))[0] == 1


async def test_text_that_is_no_utf8_costs_one_row(tmp_path: Path) -> None:
    path = await remembered(tmp_path / "cache.sqlite3")
    plant(path, "UPDATE target SET reason = CAST(x'68747470ff' AS TEXT), detail = CAST(x'c0c1' AS TEXT)")
    async with SqliteStore(path) as store:
        due, row = await read(store)
    assert (due, row.status) == (1, "skipped")


async def test_a_wrong_clock_of_ours_forgets_nothing(tmp_path: Path) -> None:
    """A machine that wakes up in 1970 and reaches nobody leaves all verdicts for the next morning."""
    async with SqliteStore(await remembered(tmp_path / "cache.sqlite3")) as store:
        due, row = await read(store, datetime(1970, 1, 2, tzinfo=UTC))
        assert (due, row.status) == (1, "skipped")
        await store.defer_rest("network-down")
        due, row = await read(store)
        assert (due, row.status) == (0, "ok")


@pytest.mark.parametrize(
    "planted",
    [
        "id = x'00'", "id = '../../etc'", "started_at = 'now'", f"started_at = {AT} + 90000000", "options = x'00'",
        "finished_at = 'no'",
    ],
)  # fmt: skip
async def test_a_run_that_enrich_never_began_is_not_gone_on_with(tmp_path: Path, planted: str) -> None:
    path = tmp_path / "cache.sqlite3"
    async with SqliteStore(path) as store:
        await store.begin(version="1", options="{}", now=NOW, fresh=True)
    plant(path, f"UPDATE run SET {planted}")
    async with SqliteStore(path) as store:
        run = await store.begin(version="1", options="{}", now=NOW, fresh=False)
        assert not run.resumed
        assert len(run.id) == 12


async def test_checks_that_a_wrong_clock_dated_ahead_do_not_use_up_the_day(tmp_path: Path) -> None:
    path = await remembered(tmp_path / "cache.sqlite3")
    plant(path, f"UPDATE checks SET at = {AT} + 40 * 86400000; INSERT INTO checks SELECT target_id, run_id, 'x', status, "
                "reason, detail, http_status, attempts, elapsed_ms, withheld FROM checks")  # fmt: skip
    async with SqliteStore(path) as store:
        assert await store.asked_since("github.com", NOW - timedelta(days=1)) == 0


async def test_an_address_that_is_another_form_of_the_same_id_is_believed(tmp_path: Path) -> None:
    path = await remembered(tmp_path / "cache.sqlite3")
    plant(path, "UPDATE target SET url = 'https://github.com/O/R'")
    async with SqliteStore(path) as store:
        due, row = await read(store)
    assert (due, row.status, row.url) == (0, "ok", URL)
