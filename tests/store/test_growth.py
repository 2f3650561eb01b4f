"""The history of a cache does not grow for ever, and what a rule looks back at stays in it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrich.model import (
    CanonicalUrl,
    CheckResult,
    Element,
    Identity,
    Link,
    Repository,
    Status,
    Verdict,
)
from enrich.store.history import Confirmation
from enrich.store.protocol import FoundDocument, FoundLink, FoundTarget
from enrich.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

START = datetime(2023, 1, 10, 3, tzinfo=UTC)
NIGHT = timedelta(days=1)
RULE = Confirmation()
FOUND, GONE = Verdict(Status.OK, "github-found"), Verdict(Status.BROKEN, "http-404", "It answered 404.")


def repositories(count: int) -> list[FoundTarget]:
    """Repositories with names of the usual length; they are asked for every night."""
    names = [f"some-research-group-{number}/a-paper-of-{number}" for number in range(count)]
    return [
        FoundTarget(
            identity=Identity(
                id=f"github:{name}", kind="github", url=CanonicalUrl(f"https://github.com/{name}")
            ),
            host="github.com",
        )
        for name in names
    ]


def answer(target: FoundTarget, number: int, night: int, at: datetime) -> CheckResult:
    """Every tenth repository is away for five nights in a hundred; the others are found, with a star more each night."""
    id_ = target.identity.id
    if number % 10 == 0 and night % 100 in range(40, 45):
        return CheckResult(target_id=id_, at=at, verdict=GONE, http_status=404, elapsed_seconds=0.2)
    metadata = Repository(full_name=id_[7:], repository_id=number, stars=100 + night)
    return CheckResult(target_id=id_, at=at, verdict=FOUND, metadata=metadata, metadata_source="github")


async def lived(path: Path, targets: int, nights: int) -> None:
    """A cache after so many nights in which all was asked."""
    found = repositories(targets)
    links = [
        FoundLink(link=Link(url=one.identity.url, line=1, column=1, element=Element.BARE), target=one)
        for one in found
    ]
    document = FoundDocument(path="a.md", title=None, date=None, date_source="none", links=links)
    async with SqliteStore(path) as store:
        for night in range(nights):
            now = START + night * NIGHT
            await store.begin(version="1", options="{}", now=now, fresh=True)
            await store.add([document])
            await store.record([answer(one, n, night, now) for n, one in enumerate(found)], RULE)
            await store.finish(complete=True, now=now + timedelta(hours=1))


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def test_a_year_of_checks_is_kept_whole_and_a_month_of_older_ones_is_one(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    await lived(path, targets=11, nights=600)
    ended = START + 599 * NIGHT
    # The first run of a month thins, so that up to a month more than a year is there.
    begin = (ended.replace(day=1) - timedelta(days=366)).timestamp() * 1000
    of_each = Counter(
        id_ for id_, at in rows(path, "SELECT target_id, at FROM checks") if float(str(at)) >= begin
    )
    assert set(of_each.values()) == {(ended - ended.replace(day=1)).days + 366 + 1}
    old = rows(
        path,
        "SELECT target_id, strftime('%Y-%m', at / 1000, 'unixepoch') AS month, reason, count(*), min(at) "
        f"FROM checks WHERE at < {begin} GROUP BY target_id, month, reason",
    )
    assert {row[3] for row in old} == {1}
    assert ("http-404" in {row[2] for row in old}) is True
    assert min(int(str(row[4])) for row in old) == START.timestamp() * 1000
    days = [
        str(row[0])
        for row in rows(path, "SELECT DISTINCT day FROM star WHERE target_id LIKE '%paper-of-1'")
    ]
    assert [day for day in sorted(days) if day < "2023-06"] == [
        "2023-01-10",
        *(f"2023-0{m}-01" for m in range(2, 6)),
    ]


async def test_every_change_stays_for_good(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    await lived(path, targets=1, nights=600)
    changes = rows(path, "SELECT was, became, reason FROM change ORDER BY at")
    assert changes == [("alive", "broken", "http-404"), ("broken", "alive", "http-404")] * 6


async def test_pruning_thins_too(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    await lived(path, targets=2, nights=40)
    async with SqliteStore(path) as store:
        assert await store.prune(START, START + 1000 * NIGHT) == 0
    assert rows(path, "SELECT target_id, count(*) FROM checks GROUP BY 1 ORDER BY 1") == [
        ("github:some-research-group-0/a-paper-of-0", 2),
        ("github:some-research-group-1/a-paper-of-1", 2),
    ]


@pytest.mark.soak
async def test_a_thousand_nights_of_a_thousand_targets_fit_into_120_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    await lived(path, targets=1000, nights=1000)
    assert path.stat().st_size < 120_000_000
