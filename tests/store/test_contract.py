"""What every store promises, whatever keeps the rows."""

from __future__ import annotations

import contextlib
import sqlite3
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stores import SORTS, open_new

from enrich.codec import encode
from enrich.errors import StorageError
from enrich.model import (
    CanonicalUrl,
    CheckResult,
    Element,
    EntryLink,
    Finding,
    Glimpse,
    Identity,
    Link,
    Page,
    Paper,
    ReportEntry,
    ReportTarget,
    Repository,
    Severity,
    Status,
    Verdict,
)
from enrich.store import memory
from enrich.store.history import Confirmation
from enrich.store.protocol import Ages, FoundDocument, FoundLink, FoundTarget, Mark, Store
from enrich.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = Confirmation()
OK = Verdict(Status.OK, "http-200")
GONE = Verdict(Status.BROKEN, "http-410")
AGES = Ages(by_kind=dict.fromkeys(("web", "arxiv", "github", "wechat"), (7 * 86400.0, 30 * 86400.0)))


@pytest.fixture(params=SORTS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """One store of each sort; a new sort is added there and passes the same tests."""
    async with open_new(request, tmp_path) as made:
        yield made


def target(name: str, *, host: str = "a.example", asks_api: bool = False, kind: str = "web") -> FoundTarget:
    identity = Identity(id=name, kind=kind, url=f"https://{host}/{name}")  # type: ignore[arg-type]
    return FoundTarget(identity=identity, host=host, asks_api=asks_api)


def link(
    found: FoundTarget, line: int = 1, *, skip: str | None = None, date: str | None = None
) -> FoundLink:
    made = Link(url=found.identity.url, line=line, column=3, element=Element.INLINE, text="label")
    return FoundLink(link=made, target=found, skip=skip, date=date)


def document(*links: FoundLink, path: str = "a.md", implied: tuple[FoundTarget, ...] = ()) -> FoundDocument:
    return FoundDocument(
        path=path, title="T", date="2022-05", date_source="title", links=links, implied=implied
    )


async def begin(store: Store, *documents: FoundDocument, now: datetime = NOW, fresh: bool = True) -> None:
    await store.begin(version="1", options="{}", now=now, fresh=fresh)
    await store.add(documents)


async def due(store: Store, ages: Ages = AGES, now: datetime = NOW) -> int:
    return await store.plan(ages, now)


async def rows(store: Store) -> list[ReportTarget]:
    return await store.read(lambda rows: list(rows.targets()))


def result(name: str, verdict: Verdict = OK, at: datetime = NOW, **more: object) -> CheckResult:
    return CheckResult(target_id=name, at=at, verdict=verdict, **more)  # type: ignore[arg-type]


async def test_what_was_never_asked_is_due_and_handed_out_once(store: Store) -> None:
    await begin(store, document(link(target("x")), link(target("y")), link(target("z", host="b.example"))))
    assert await due(store) == 3
    assert await store.hosts() == [("a.example", 2), ("b.example", 1)]
    assert [one.target.id for one in await store.take("a.example", 10)] == ["x", "y"]
    assert list(await store.take("a.example", 10)) == []
    assert await store.hosts() == [("b.example", 1)]


async def test_a_recorded_result_is_in_the_report_and_not_due_within_its_age(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.take("a.example", 1)
    (state,) = await store.record([result("x", wanted_metadata=True, metadata=Page(title="P"))], RULE)
    assert state.status is Status.OK
    (row,) = await rows(store)
    assert (row.status, row.reason, row.from_cache, row.metadata) == (
        "ok",
        "http-200",
        False,
        Page(title="P"),
    )

    await begin(store, document(link(target("x"))), now=NOW + 6 * DAY)
    assert await due(store, now=NOW + 6 * DAY) == 0
    assert [row.from_cache for row in await rows(store)] == [True]
    await begin(store, document(link(target("x"))), now=NOW + 7 * DAY)
    assert await due(store, now=NOW + 7 * DAY) == 1


@pytest.mark.parametrize(
    ("verdict", "days", "expected"),
    [
        (OK, 6.9, 0),
        (OK, 7.0, 1),
        (GONE, 0.9, 0),
        (GONE, 1.0, 1),
        (Verdict(Status.BLOCKED, "http-403"), 0.9, 0),
        (Verdict(Status.BLOCKED, "http-403"), 1.0, 1),
        (Verdict(Status.UNREACHABLE, "timeout"), 1.0, 1),
    ],
)
async def test_each_status_has_its_age(store: Store, verdict: Verdict, days: float, expected: int) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", verdict, wanted_metadata=True)], RULE)
    later = NOW + days * DAY
    await begin(store, document(link(target("x"))), now=later)
    assert await due(store, now=later) == expected


async def test_a_confirmed_broken_target_is_asked_after_a_month(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", GONE)], RULE)
    (state,) = await store.record([result("x", GONE, NOW + DAY)], RULE)
    assert state.confirmed
    for days, expected in ((29, 0), (32, 1)):
        await begin(store, document(link(target("x"))), now=NOW + days * DAY)
        assert await due(store, now=NOW + days * DAY) == expected


async def test_a_check_asks_a_stored_broken_again_before_it_is_stated(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", GONE)], RULE)
    await begin(store, document(link(target("x"))))
    assert await due(store, Ages(by_kind=AGES.by_kind, broken_again=True)) == 1


async def test_a_time_in_the_future_counts_as_old(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", at=NOW + 300 * DAY)], RULE)
    await begin(store, document(link(target("x"))))
    assert await due(store) == 1


async def test_an_answer_that_could_not_tell_is_asked_again_the_next_day(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", wanted_metadata=True)], RULE)
    await store.record([result("x", Verdict(Status.BLOCKED, "http-403"), NOW + DAY)], RULE)
    later = NOW + 2 * DAY
    await begin(store, document(link(target("x"))), now=later)
    assert await due(store, now=later) == 1
    (row,) = await rows(store)
    assert (row.status, row.checked_at) == ("ok", NOW)


async def test_a_page_that_is_there_and_did_not_come_is_asked_for_again_the_next_day(store: Store) -> None:
    await begin(store, document(link(target("x")), link(target("y"))))
    await due(store)
    unread = result("x", wanted_metadata=True, lacks_page=True)
    await store.record([unread, result("y", wanted_metadata=True)], RULE)
    for hours, names in ((1, []), (25, ["x"])):
        later = NOW + timedelta(hours=hours)
        await begin(store, document(link(target("x")), link(target("y"))), now=later)
        await due(store, now=later)
        assert [(one.target.id, one.wants_metadata) for one in await store.take("a.example", 9)] == [
            (name, True) for name in names
        ]


async def test_max_age_and_refresh_replace_the_ages(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", wanted_metadata=True)], RULE)
    minute = NOW + timedelta(minutes=1)
    for ages, expected in (
        (AGES, 0),
        (Ages(by_kind=AGES.by_kind, max_age=30.0), 1),
        (Ages(by_kind=AGES.by_kind, max_age=90.0), 0),
        (Ages(by_kind=AGES.by_kind, refresh=True), 1),
    ):
        await begin(store, document(link(target("x"))), now=minute)
        assert await due(store, ages, minute) == expected


async def test_a_killed_run_goes_on_and_does_not_ask_again_what_it_counted(store: Store) -> None:
    refresh = Ages(by_kind=AGES.by_kind, refresh=True)
    await begin(store, document(link(target("x")), link(target("y"))))
    await due(store, refresh)
    await store.record([result("x", GONE, NOW + timedelta(seconds=1))], RULE)
    # No finish(): the run was killed.
    later = NOW + timedelta(minutes=5)
    run = await store.begin(version="1", options="{}", now=later, fresh=False)
    await store.add([document(link(target("x")), link(target("y")))])
    assert (run.resumed, run.started_at) == (True, NOW)
    assert await due(store, refresh, later) == 1
    assert [one.target.id for one in await store.take("a.example", 9)] == ["y"]


@pytest.mark.parametrize(
    ("options", "fresh", "hours", "finished"),
    [("{}", True, 1, False), ("other", False, 1, False), ("{}", False, 25, False), ("{}", False, 1, True)],
)
async def test_a_run_is_new_when_asked_for_or_different_or_late_or_finished(
    store: Store, options: str, fresh: bool, hours: int, finished: bool
) -> None:
    await store.begin(version="1", options="{}", now=NOW, fresh=True)
    if finished:
        await store.finish(complete=True, now=NOW)
    run = await store.begin(version="1", options=options, now=NOW + timedelta(hours=hours), fresh=fresh)
    assert not run.resumed


async def test_only_a_target_whose_links_are_all_skipped_is_skipped(store: Store) -> None:
    picture, both = target("picture"), target("both")
    await begin(
        store,
        document(link(picture, skip="image"), link(both, 2, skip="image")),
        document(link(both), path="b.md"),
    )
    assert await due(store) == 1
    assert {row.id: (row.status, row.reason) for row in await rows(store)} == {
        "both": ("skipped", "not-reached"),
        "picture": ("skipped", "image"),
    }


async def test_the_address_of_a_target_is_that_of_its_first_link(store: Store) -> None:
    first = FoundTarget(identity=Identity(id="x", kind="web", url="https://a.example/X"), host="a.example")  # type: ignore[arg-type]
    second = FoundTarget(identity=Identity(id="x", kind="web", url="https://a.example/x"), host="a.example")  # type: ignore[arg-type]
    await begin(store, document(link(first), link(second, 2)))
    assert [row.url for row in await rows(store)] == ["https://a.example/X"]
    await begin(store, document(link(second)), now=NOW + DAY)
    assert [row.url for row in await rows(store)] == ["https://a.example/x"]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
async def test_an_address_that_opens_replaces_one_that_may_not(
    store: Store, order: tuple[int, ...]
) -> None:
    """Wherever it stands, in the same document or another, and when a killed run begins anew."""
    plain = target("wx:1:2:1", kind="wechat")
    opens = replace(
        plain, identity=replace(plain.identity, url=CanonicalUrl("https://a.example/s"), preferred=True)
    )
    links = [link(plain, 1), link(opens, 2), link(plain, 3)]
    for _ in range(2):
        await begin(store, *(document(links[place], path=f"{place}.md") for place in order), fresh=False)
        assert {row.url for row in await rows(store)} == {"https://a.example/s"}


async def test_what_an_api_can_decide_is_handed_out_to_it_and_can_be_given_back(store: Store) -> None:
    paper = target("arxiv:1", kind="arxiv", host="arxiv.org", asks_api=True)
    await begin(store, document(link(paper)))
    await due(store)
    assert await store.kinds_by_api() == ["arxiv"]
    assert await store.hosts() == []
    assert [one.target.id for one in await store.take_for_api("arxiv", 9)] == ["arxiv:1"]
    await store.release(["arxiv:1"])
    assert await store.hosts() == [("arxiv.org", 1)]


async def test_the_most_urgent_are_kept_when_a_host_is_deferred(store: Store) -> None:
    old, older, new = target("old"), target("older"), target("new")
    await begin(store, document(link(old), link(older)))
    await due(store)
    await store.record([result("older", GONE, NOW - 2 * DAY), result("old", GONE, NOW - DAY)], RULE)
    await begin(store, document(link(old), link(older), link(new)))
    await due(store)
    assert await store.defer_host("a.example", "host-deferred", keep=2) == 1
    assert [one.target.id for one in await store.take("a.example", 9)] == ["new", "older"]
    assert await store.read(lambda rows: rows.deferred()) == 1


async def test_the_most_urgent_come_first(store: Store) -> None:
    """Never asked, broken without being confirmed, no answer last time, slow, then by age."""
    slow = Verdict(Status.UNREACHABLE, "timeout")
    names = ("confirmed", "fine", "finer", "gone", "late", "new", "slow")
    await begin(store, document(*(link(target(name)) for name in names if name != "new")))
    await due(store)
    await store.record([result("confirmed", GONE, NOW - 9 * DAY), result("fine", OK, NOW - 8 * DAY)], RULE)
    await store.record([result("confirmed", GONE, NOW - 7 * DAY), result("finer", OK, NOW - 6 * DAY)], RULE)
    await store.record([result("gone", GONE, NOW - 2 * DAY), result("slow", slow, NOW - 3 * DAY)], RULE)
    await store.record([result("late", OK, NOW - DAY, elapsed_seconds=5.0)], RULE)
    await begin(store, document(*(link(target(name)) for name in names)))
    assert await due(store, Ages(by_kind=AGES.by_kind, refresh=True)) == 7
    taken = [one.target.id for one in await store.take("a.example", 9)]
    assert taken == ["new", "gone", "slow", "late", "fine", "confirmed", "finer"]


async def test_a_spread_lets_targets_of_one_night_be_due_in_different_ones(store: Store) -> None:
    names = [f"x{number}" for number in range(200)]
    ages = Ages(by_kind=AGES.by_kind, spread_by_kind={"web": 2 * 86400.0}, confirmed_spread=8 * 86400.0)
    await begin(store, document(*(link(target(name)) for name in names)))
    await due(store, ages)
    await store.record([result(name, wanted_metadata=True) for name in names], RULE)
    counts = []
    for night in (4, 5, 6, 7, 8, 9):
        await begin(store, document(*(link(target(name)) for name in names)), now=NOW + night * DAY)
        counts.append(await due(store, ages, NOW + night * DAY))
    assert counts[0] == 0
    assert counts == sorted(set(counts)), "more every night"
    assert counts[-1] == 200


async def test_metadata_that_outlast_a_verdict_wait_for_its_next_check(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", wanted_metadata=True, metadata=Page())], RULE)
    await store.record([result("x", at=NOW + 29 * DAY)], RULE)
    for days, expected, wanted in ((31, 0, []), (36, 1, [True])):
        await begin(store, document(link(target("x"))), now=NOW + days * DAY)
        assert await due(store, now=NOW + days * DAY) == expected
        assert [one.wants_metadata for one in await store.take("a.example", 9)] == wanted


async def test_an_api_gives_news_first_to_those_whose_news_are_oldest(store: Store) -> None:
    """What was asked at its page the last time waits for news all the longer, however lately that was."""
    ids = ("paged", "fresh", "old")
    await begin(store, document(*(link(target(id_, asks_api=True, kind="github")) for id_ in ids)))
    await due(store)
    news = Repository(full_name="o/r", stars=7)
    await store.record([result("old", at=NOW, metadata=news)], RULE)
    await store.record([result("fresh", at=NOW + DAY, metadata=news)], RULE)
    await store.record([result("paged", at=NOW + 2 * DAY)], RULE)
    await begin(
        store,
        document(*(link(target(id_, asks_api=True, kind="github")) for id_ in ids)),
        now=NOW + 40 * DAY,
    )
    await due(store, now=NOW + 40 * DAY)
    assert [one.target.id for one in await store.take_for_api("github", 9)] == ["paged", "old", "fresh"]


async def test_what_was_asked_in_vain_is_put_back_where_it_came_from(store: Store) -> None:
    api, page = target("api", asks_api=True, kind="github"), target("page")
    await begin(store, document(link(api), link(page), link(target("done"))))
    await due(store)
    taken = [*await store.take("a.example", 9), *await store.take_for_api("github", 9)]
    assert {one.target.id for one in taken} == {"api", "page", "done"}
    await store.record([result("done")], RULE)
    await store.put_back(["api", "page", "done"])
    assert [one.target.id for one in await store.take("a.example", 9)] == ["page"]
    assert [one.target.id for one in await store.take_for_api("github", 9)] == ["api"]


async def test_what_was_deferred_for_a_host_in_an_outage_is_put_back_and_nothing_else(store: Store) -> None:
    names = ("waiting", "withheld", "done")
    await begin(store, document(*(link(target(name)) for name in names)))
    await due(store)
    await store.take("a.example", 9)
    await store.record([result("done")], RULE)
    await store.defer(["waiting"], "host-deferred")
    await store.defer(["withheld"], "robots-disallowed")
    await store.put_back(list(names))
    assert [one.target.id for one in await store.take("a.example", 9)] == ["waiting"]


async def test_a_due_target_comes_with_the_verdict_that_stands(store: Store) -> None:
    names = ("alive", "gone", "doubted", "new")
    found = {name: target(name) for name in names}
    await begin(store, document(*(link(found[name]) for name in names[:3])))
    await due(store)
    await store.record([result("alive"), result("gone", GONE), result("doubted")], RULE)
    await store.record([replace(result("doubted", GONE, NOW + DAY), withheld="so many")], RULE)
    await begin(store, document(*(link(found[name]) for name in names)))
    await due(store, Ages(by_kind=AGES.by_kind, refresh=True))
    taken = {one.target.id: (one.was, one.doubted_since) for one in await store.take("a.example", 9)}
    assert taken == {
        "alive": ("ok", None),
        "gone": ("broken", None),
        "doubted": ("ok", NOW + DAY),
        "new": (None, None),
    }


async def test_what_is_withheld_is_asked_again_the_next_day(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x")], RULE)
    (state,) = await store.record([replace(result("x", GONE, NOW + DAY), withheld="so many")], RULE)
    assert (state.status, state.detail) == ("ok", "so many")
    ages = Ages(by_kind=AGES.by_kind, metadata=False)
    await begin(store, document(link(target("x"))), now=NOW + 2 * DAY)
    assert await due(store, ages, NOW + DAY + timedelta(hours=20)) == 0
    assert await due(store, ages, NOW + 2 * DAY) == 1


async def test_canaries_are_the_hosts_that_have_been_alive_for_longest(store: Store) -> None:
    hosts = {
        "old.example": 9,
        "older.example": 20,
        "young.example": 1,
        "gone.example": 30,
        "shy.example": 40,
    }
    found = [target(f"{host}/{n}", host=host) for host in hosts for n in range(2)]
    await begin(store, document(*(link(one) for one in found)))
    await due(store)
    for host, days in hosts.items():
        first = [result(f"{host}/{n}", OK, NOW - (days - n) * DAY) for n in range(2)]
        await store.record(first, RULE)
    await store.record([result(f"gone.example/{n}", GONE, NOW) for n in range(2)], RULE)
    wall = Verdict(Status.BLOCKED, "http-403")
    await store.record([result(f"shy.example/{n}", wall, NOW) for n in range(2)], RULE)
    assert list(await store.canaries(2)) == [
        "https://older.example/older.example/0",
        "https://old.example/old.example/0",
    ]
    assert len(await store.canaries(9)) == 3


async def test_deferring_keeps_the_older_verdict(store: Store) -> None:
    known, unknown = target("known"), target("unknown")
    await begin(store, document(link(known)))
    await due(store)
    await store.record([result("known")], RULE)
    await begin(store, document(link(known), link(unknown)))
    await due(store, Ages(by_kind=AGES.by_kind, refresh=True))
    assert await store.defer_rest("network-down") == 2
    assert [(row.id, row.status, row.reason, row.from_cache) for row in await rows(store)] == [
        ("known", "ok", "http-200", True),
        ("unknown", "skipped", "network-down", False),
    ]


async def test_metadata_are_kept_and_marked_stale_when_new_ones_could_not_be_had(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record(
        [result("x", wanted_metadata=True, metadata=Page(title="P"), metadata_source="page")], RULE
    )
    failure = Verdict(Status.UNREACHABLE, "provider-failure")
    await store.record([result("x", failure, NOW + 8 * DAY, wanted_metadata=True)], RULE)
    (row,) = await rows(store)
    assert (row.status, row.metadata, row.metadata_stale) == ("ok", Page(title="P"), True)
    assert row.metadata_fetched_at == NOW


async def test_metadata_from_a_stand_in_replace_none_of_the_better_source_and_are_due_every_night(
    store: Store,
) -> None:
    def paper(title: str, source: str, day: int, verdict: Verdict = OK) -> CheckResult:
        facts = Paper(arxiv_id="1", title=title)
        return result(
            "x", verdict, NOW + day * DAY, wanted_metadata=True, metadata=facts, metadata_source=source
        )

    async def known() -> tuple[str | None, str | None, bool]:
        (row,) = await rows(store)
        assert isinstance(row.metadata, Paper)
        return row.metadata.title, row.metadata_source, row.metadata_stale

    silent = Verdict(Status.UNREACHABLE, "provider-failure")
    await begin(store, document(link(target("x"))))
    await due(store)
    (first,) = await store.take("a.example", 1)
    assert first.lacks_metadata
    await store.record([paper("A", "datacite", 0, silent)], RULE)
    await store.record([result("x", OK, NOW)], RULE)
    assert await known() == ("A", "datacite", False)
    await begin(store, document(link(target("x"))), now=NOW + DAY)
    assert await due(store, now=NOW + DAY) == 1
    (second,) = await store.take("a.example", 1)
    assert (second.wants_metadata, second.lacks_metadata) == (True, False)
    await store.record([paper("B", "arxiv", 1)], RULE)
    assert await known() == ("B", "arxiv", False)
    await store.record([paper("C", "datacite", 2, silent)], RULE)
    assert await known() == ("B", "arxiv", True)


async def test_a_page_that_says_nothing_of_itself_is_not_asked_for_it_every_night(store: Store) -> None:
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", wanted_metadata=True)], RULE)
    await begin(store, document(link(target("x"))), now=NOW + 2 * DAY)
    assert await due(store, now=NOW + 2 * DAY) == 0


@pytest.mark.parametrize(("reason", "wanted"), [("soft-404", True), ("http-404", False)])
async def test_a_page_that_only_its_words_showed_to_be_gone_is_read_again(
    store: Store, reason: str, wanted: bool
) -> None:
    """Without that, a check that asks with HEAD would call it alive again."""
    await begin(store, document(link(target("x"))))
    await due(store)
    await store.record([result("x", Verdict(Status.BROKEN, reason), wanted_metadata=True)], RULE)
    await begin(store, document(link(target("x"))), now=NOW + DAY)
    await due(store, Ages(by_kind=AGES.by_kind, metadata=False), now=NOW + DAY)
    (one,) = await store.take("a.example", 9)
    assert one.wants_metadata is wanted


async def test_a_check_leaves_metadata_for_the_next_run(store: Store) -> None:
    no_metadata = Ages(by_kind=AGES.by_kind, metadata=False)
    await begin(store, document(link(target("x"))))
    await due(store, no_metadata)
    (one,) = await store.take("a.example", 1)
    assert not one.wants_metadata
    await store.record([result("x")], RULE)
    await begin(store, document(link(target("x"))))
    assert await due(store, no_metadata) == 0
    assert await due(store) == 1


async def test_two_ids_of_one_article_become_one_target(store: Store) -> None:
    short = target("wechat:AAA", kind="wechat")
    await begin(store, document(link(short, 1), link(short, 5)))
    await due(store)
    await store.record([result("wechat:AAA", alias="wx:1:2:1")], RULE)
    (row,) = await rows(store)
    assert (row.id, len(row.links)) == ("wx:1:2:1", 2)

    long = target("wx:1:2:1", kind="wechat")
    await begin(store, document(link(short), link(long, 2)))
    assert await due(store) == 1, "only for its metadata"
    assert [(row.id, len(row.links)) for row in await rows(store)] == [("wx:1:2:1", 2)]


async def test_entries_are_kept_and_know_the_target_that_a_link_turned_out_to_be(store: Store) -> None:
    await store.begin(version="1", options="{}", now=NOW, fresh=True)
    short = target("wechat:AAA", kind="wechat")
    article = EntryLink(line=1, url=short.identity.url, target="wechat:AAA")
    entry = ReportEntry(
        document="a.md", line=1, section=[], number=1, title="E", topics=[], rating=None, article=article,
        papers=[], code=[], others=[], authors=[], abstract=None, remarks=None,
    )  # fmt: skip
    await store.add([replace(document(link(short)), entries=[entry])])
    assert await store.read(lambda rows: list(rows.entries())) == [entry]
    await due(store)
    await store.record([result("wechat:AAA", alias="wx:1:2:1")], RULE)
    (merged,) = await store.read(lambda rows: list(rows.entries()))
    assert merged.article == replace(article, target="wx:1:2:1")


async def test_entries_that_name_the_same_are_given_by_target_and_place(store: Store) -> None:
    def entry(document: str, line: int, article: str | None, *papers: str) -> ReportEntry:
        links = [
            EntryLink(line=line, url="https://a.example/", target=name) for name in (article or "", *papers)
        ]
        return ReportEntry(
            document=document, line=line, section=[], number=None, title=None, topics=[], rating=None,
            article=links[0] if article else None, papers=links[1:], code=[], others=[], authors=[], abstract=None,
            remarks=None,
        )  # fmt: skip

    await store.begin(version="1", options="{}", now=NOW, fresh=True)
    entries = [
        entry("b.md", 1, "wechat:AAA", "arxiv:2"),
        entry("a.md", 9, "wx:1:2:1", "arxiv:2", "arxiv:2"),
        entry("a.md", 10, None, "arxiv:3", "arxiv:3"),
        entry("a.md", 2, None, "arxiv:2"),
        entry("c.md", 1, None),
    ]
    await store.add([replace(document(link(target("wechat:AAA", kind="wechat"))), entries=entries)])
    await due(store)
    await store.record([result("wechat:AAA", alias="wx:1:2:1")], RULE)
    found = await store.read(lambda rows: list(rows.repeated()))
    assert [(name, one.document, one.line) for name, one in found] == [
        ("arxiv:2", "a.md", 2), ("arxiv:2", "a.md", 9), ("arxiv:2", "b.md", 1),
        ("wx:1:2:1", "a.md", 9), ("wx:1:2:1", "b.md", 1),
    ]  # fmt: skip
    assert found[-1][1].article == EntryLink(line=1, url="https://a.example/", target="wx:1:2:1")


async def test_the_address_that_opened_stays_when_two_targets_turn_out_to_be_one(store: Store) -> None:
    short, long = target("wechat:AAA", kind="wechat"), target("wx:1:2:1", kind="wechat")
    await begin(store, document(link(long), link(short, 2)))
    await due(store)
    await store.record([result("wechat:AAA", alias="wx:1:2:1")], RULE)
    assert [row.url for row in await rows(store)] == [short.identity.url]


async def test_two_ids_merge_when_both_are_linked_in_one_run(store: Store) -> None:
    short, long = target("wechat:AAA", kind="wechat"), target("wx:1:2:1", kind="wechat")
    await begin(store, document(link(short), link(long, 2)))
    await due(store)
    await store.record([result("wechat:AAA", alias="wx:1:2:1"), result("wx:1:2:1", alias="wx:1:2:1")], RULE)
    assert [(row.id, row.status, len(row.links)) for row in await rows(store)] == [("wx:1:2:1", "ok", 2)]


async def test_results_of_one_target_in_one_batch_are_stored_one_after_the_other(store: Store) -> None:
    await begin(store, document(link(target("x")), link(target("y"), 2)))
    await due(store)
    gone = replace(result("x"), verdict=Verdict(Status.BROKEN, "http-410"))
    later = replace(gone, at=gone.at + timedelta(days=2))
    first, other, second = await store.record([gone, result("y"), later], RULE)
    assert (first.failed_checks, other.failed_checks, second.failed_checks) == (1, 0, 2)
    assert [(row.id, row.confirmed) for row in await rows(store)] == [("x", True), ("y", False)]


async def test_a_page_about_a_paper_shows_the_papers_metadata(store: Store) -> None:
    paper = target("arxiv:1", kind="arxiv", asks_api=True)
    identity = Identity(id="url:p", kind="web", url="https://b.example/p", stands_for="arxiv:1")  # type: ignore[arg-type]
    page = FoundTarget(identity=identity, host="b.example")
    await begin(store, document(link(page), implied=(paper,)))
    assert await due(store) == 2
    facts = Paper(arxiv_id="1", title="A paper")
    await store.record(
        [result("arxiv:1", wanted_metadata=True, metadata=facts, metadata_source="arxiv"), result("url:p")],
        RULE,
    )
    (row,) = await rows(store)
    assert (row.id, row.metadata, row.metadata_source) == ("url:p", facts, "arxiv")


async def test_rows_come_in_their_stable_order(store: Store) -> None:
    a, b = target("a"), target("b")
    await begin(
        store, document(link(b, 7), link(a, 2), path="z.md"), document(link(b, 9), link(b, 3), path="y.md")
    )
    found = await rows(store)
    assert [row.id for row in found] == ["a", "b"]
    assert [(one.document, one.line) for one in found[1].links] == [("y.md", 3), ("y.md", 9), ("z.md", 7)]
    assert await store.read(lambda rows: [one.path for one in rows.documents()]) == ["y.md", "z.md"]


async def test_checks_are_counted_per_host(store: Store) -> None:
    await begin(store, document(link(target("x")), link(target("y", host="b.example"))))
    await due(store)
    await store.record([result("x"), result("y"), result("x", at=NOW - 2 * DAY)], RULE)
    assert await store.asked_since("a.example", NOW - DAY) == 1


async def test_the_later_moment_until_which_a_host_wants_silence_stays(store: Store) -> None:
    hour = timedelta(hours=1)
    await store.hold_hosts({"a.example": NOW + 2 * hour, "b.example": NOW + hour})
    await store.hold_hosts({"a.example": NOW + hour, "b.example": NOW + 3 * hour})
    assert await store.held_hosts(NOW) == {"a.example": NOW + 2 * hour, "b.example": NOW + 3 * hour}
    assert await store.held_hosts(NOW + 2 * hour) == {"b.example": NOW + 3 * hour}
    assert await store.held_hosts(NOW + 3 * hour) == {}


async def test_a_wrong_clock_does_not_silence_a_host_for_years(store: Store) -> None:
    await store.hold_hosts({"a.example": NOW + 3650 * DAY})
    assert await store.held_hosts(NOW) == {}
    await store.hold_hosts({"a.example": NOW + DAY})
    assert await store.held_hosts(NOW) == {"a.example": NOW + DAY}


async def test_hosts_are_held_from_run_to_run(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    async with SqliteStore(path) as store:
        await begin(store, document(link(target("x"))))
        await store.hold_hosts({"a.example": NOW + DAY})
    async with SqliteStore(path) as store:
        await begin(store, document(link(target("x"))))
        assert await store.held_hosts(NOW) == {"a.example": NOW + DAY}


async def test_findings_and_undated_links_are_kept_for_the_report(store: Store) -> None:
    await store.begin(version="1", options="{}", now=NOW, fresh=True)
    finding = Finding(code="unreadable-document", severity=Severity.ERROR, message="no", document="b.md")
    await store.add(
        [document(link(target("x")), link(target("x"), 2, date="2022-05"))],
        [finding],
    )
    assert await store.read(lambda rows: list(rows.findings())) == [finding]
    assert await store.read(lambda rows: rows.undated_links()) == 1


async def test_stars_are_kept_once_a_day(store: Store) -> None:
    await begin(store, document(link(target("github:o/r", kind="github"))))
    await due(store)
    for stars, at in ((1, NOW), (2, NOW + timedelta(hours=1)), (5, NOW + DAY)):
        repository = Repository(full_name="o/r", stars=stars)
        await store.record([result("github:o/r", at=at, metadata=repository)], RULE)
    info = await store.info()
    assert (info.targets, info.checks) == (1, 3)


async def test_pruning_forgets_what_no_run_met(store: Store) -> None:
    await begin(store, document(link(target("old"))))
    await begin(store, document(link(target("new"))), now=NOW + 100 * DAY)
    assert await store.prune(NOW + 10 * DAY, NOW + 11 * DAY) == 1
    assert [row.id for row in await rows(store)] == ["new"]


async def test_results_survive_closing(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    async with SqliteStore(path) as store:
        await begin(store, document(link(target("x"))))
        await due(store)
        await store.record([result("x", wanted_metadata=True)], RULE)
    async with SqliteStore(path) as store:
        await begin(store, document(link(target("x"))))
        assert await due(store) == 0


async def test_a_cache_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    async with SqliteStore(path) as store:
        store._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match="newer enrich"):
        SqliteStore(path)


async def test_the_cache_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    async with SqliteStore(path):
        assert path.stat().st_mode & 0o077 == 0


async def test_entries_come_with_what_is_freshly_known_of_targets_that_are_there(store: Store) -> None:
    paper = ReportEntry(
        document="a.md", line=1, section=[], number=None, title="T", topics=[], rating=None, article=None,
        papers=[EntryLink(line=1, url="u", target=name) for name in ("x", "moved", "skipped", "unasked")],
        code=[], others=[], authors=[], abstract=None, remarks=None,
    )  # fmt: skip
    links = (
        link(target("x")),
        link(target("moved")),
        link(target("skipped"), skip="excluded"),
        link(target("unasked")),
    )
    await begin(store, replace(document(*links), entries=(paper,)))
    moved = Verdict(Status.REDIRECTED, "http-301")
    known = Paper(arxiv_id="1", title="P", abstract="A")
    facts = {"wanted_metadata": True, "metadata": known, "metadata_source": "arxiv"}
    await store.record(
        [result("x", **facts), result("moved", moved, **facts), result("skipped", **facts)], RULE
    )
    (one,) = await store.read(lambda rows: list(rows.described()))
    assert (one.entry, one.things) == (paper, {"x": Glimpse("paper", title="P")})
    full = await store.read(lambda rows: rows.metadata_of({"x", "moved", "skipped", "unasked"}))
    assert full == {"x": (known, "arxiv")}


async def test_a_place_is_found_by_document_line_and_target(store: Store) -> None:
    await begin(
        store, document(link(target("x"), line=4)), document(link(target("x"), line=9), path="b.md")
    )
    assert await store.read(lambda rows: rows.place_of("b.md", 9, "x")) == (3, "label")
    assert await store.read(lambda rows: rows.place_of("b.md", 4, "x")) is None


# --- what stands for the next run -------------------------------------------------------------------

MARKS = [
    Mark("0a", unreadable=False, leads=[("b.md#x", "file:b.md#x", None)]),
    Mark("0b", unreadable=True, leads=[]),
]


async def stood(store: Store, *, settled: bool = True) -> None:
    """A run that has taken in two links, has asked about one of them, and has put off the other."""
    await store.begin(version="1", options="{}", now=NOW, fresh=True)
    await store.add(
        [document(link(target("x")), link(target("r", asks_api=True, kind="github")))], marks=MARKS
    )
    await due(store)
    await store.take("a.example", 1)
    await store.record([result("x", wanted_metadata=True, metadata=Page(title="P"))], RULE)
    await store.defer(["r"], "host-deferred")
    await store.finish(complete=True, now=NOW)
    if settled:
        await store.settle(is_tidy=True)


async def test_what_was_reported_stands_as_if_it_had_been_added_again(store: Store) -> None:
    await stood(store)
    assert not store.standing
    before = await rows(store)
    later = NOW + DAY
    await store.begin(version="1", options="{}", now=later, fresh=False)
    assert store.standing == len(MARKS)
    assert await store.marks(0, 9) == MARKS
    assert [await store.marks(number, 1) for number in range(2)] == [[mark] for mark in MARKS]
    await store.keep()
    assert not store.standing
    assert await due(store, now=later) == 1
    kept = await rows(store)
    assert [(one.id, one.reason, one.from_cache) for one in kept] == [
        ("r", "not-reached", False),
        ("x", "http-200", True),
    ]
    assert [one.links for one in kept] == [one.links for one in before]
    assert await store.prune(later, later) == 0, "both were seen in the later run"


async def test_what_stands_is_not_in_memory_as_a_whole(store: Store) -> None:
    leads = [(f"{number}.md", f"file:notes/{number}.md", None) for number in range(1000)]
    await begin(store)
    await store.add([], marks=[Mark(f"{number:02}", unreadable=False, leads=leads) for number in range(50)])
    await store.settle(is_tidy=True)
    tracemalloc.start()
    try:
        await store.begin(version="1", options="{}", now=NOW, fresh=False)
        (mark,) = await store.marks(49, 9)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (store.standing, mark.key, mark.leads) == (50, "49", leads)
    assert most_bytes < 3_000_000


async def test_more_is_added_behind_what_stands(store: Store) -> None:
    await stood(store)
    await store.begin(version="1", options="{}", now=NOW, fresh=False)
    await store.keep()
    await store.add(
        [document(link(target("x")), link(target("y")), path="b.md")],
        marks=[Mark("0c", unreadable=False, leads=[])],
    )
    assert [(one.id, len(one.links)) for one in await rows(store)] == [("r", 1), ("x", 2), ("y", 1)]
    await store.settle(is_tidy=True)
    await store.begin(version="1", options="{}", now=NOW, fresh=False)
    assert store.standing == 3
    assert await store.marks(0, 9) == [*MARKS, Mark("0c", unreadable=False, leads=[])]


async def test_whoever_adds_without_keeping_begins_with_nothing(store: Store) -> None:
    await stood(store)
    await store.begin(version="1", options="{}", now=NOW, fresh=False)
    await store.add([document(link(target("y")))], marks=[Mark("0c", unreadable=False, leads=[])])
    assert [one.id for one in await rows(store)] == ["y"]


async def begins(store: Store) -> None:
    await store.begin(version="1", options="{}", now=NOW, fresh=False)


async def takes_up_and_dies(store: Store) -> None:
    await begins(store)
    await store.keep()
    await begins(store)


async def merges_two_ids(store: Store) -> None:
    await store.record([result("x", alias="wx:1")], RULE)
    await store.settle(is_tidy=True)
    await begins(store)


async def passes_on_what_an_api_cannot_tell(store: Store) -> None:
    await store.release(["r"])
    await store.settle(is_tidy=True)
    await begins(store)


async def passes_on_what_an_api_was_not_asked(store: Store) -> None:
    await store.release_unasked(["r"])
    await store.settle(is_tidy=True)
    await begins(store)


async def prunes(store: Store) -> None:
    await store.prune(NOW - DAY, NOW)
    await begins(store)


@pytest.mark.parametrize(
    "does",
    [
        takes_up_and_dies,
        merges_two_ids,
        passes_on_what_an_api_cannot_tell,
        passes_on_what_an_api_was_not_asked,
        prunes,
    ],
)
async def test_nothing_stands_behind_a_run_that_did_not_end_or_did_more(
    store: Store, does: Callable[[Store], Awaitable[None]]
) -> None:
    await stood(store)
    await does(store)
    assert not store.standing
    await store.add([])
    assert await rows(store) == []


async def test_nothing_stands_behind_a_run_that_was_not_reported(store: Store) -> None:
    await stood(store, settled=False)
    await begins(store)
    assert not store.standing


async def test_what_was_found_is_remembered_to_the_letter(store: Store) -> None:
    await stood(store)
    found = {
        f"0{number}": document(
            link(target(f"{number}", kind="web"), date="2022-05", skip="code"),
            path=f"\U0001f4a9-{number}.md",
            implied=(target("arxiv:1", kind="arxiv"),),
        )
        for number in range(60)
    }
    await store.remember(found, [])
    await store.remember({"00": found["01"]}, ["02", "no such key"])
    known = await store.recall(["00", "01", "059", "no such key"])
    wanted = {"00": found["01"], "01": found["01"], "059": found["059"]}
    assert {key: encode(one) for key, one in known.items()} == {
        key: encode(one) for key, one in wanted.items()
    }


async def test_what_nobody_has_a_use_for_is_forgotten_after_a_week(store: Store) -> None:
    await begin(store, now=NOW - 9 * DAY)
    await store.remember({name: document() for name in ("0a", "0b", "0c")}, [])
    await store.add([], marks=[Mark("0a", unreadable=False)])
    await store.settle(is_tidy=True)
    await store.begin(version="1", options="{}", now=NOW, fresh=False)
    await store.keep()
    await store.remember({}, ["0b"])
    await store.settle(is_tidy=False)
    assert set(await store.recall(["0a", "0b", "0c"])) == {"0a", "0b"}, "one stands, one was of use"


async def test_a_wrong_clock_has_nothing_remembered_for_ever(store: Store) -> None:
    await begin(store, now=NOW + 1000 * DAY)
    await store.remember({name: document() for name in ("0a", "0b", "0c")}, [])
    await store.add([], marks=[Mark("0a", unreadable=False)])
    await store.settle(is_tidy=True)
    await store.begin(version="1", options="{}", now=NOW, fresh=False)
    await store.keep()
    await store.remember({}, ["0b"])
    await store.settle(is_tidy=False)
    assert set(await store.recall(["0a", "0b", "0c"])) == {"0a", "0b"}, "one stands, one was of use"


async def test_what_is_remembered_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await begin(store)
    await store.remember({"0a": document(), "0b": document()}, [])
    await store.add([], marks=[Mark("0a", unreadable=False)])
    (size,) = {len(zlib.compress(encode(document()), 1))}
    for most, left in ((2 * size, {"0a", "0b"}), (size, {"0a"}), (size - 1, set())):
        monkeypatch.setattr(memory, "MOST_BYTES", most)
        await store.settle(is_tidy=False)
        assert set(await store.recall(["0a", "0b"])) == left


async def test_a_damaged_memory_is_none(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    async with SqliteStore(path) as store:
        await begin(store)
        await store.remember({name: document() for name in ("0a", "0b", "0c", "0d")}, [])
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        (sound,) = db.execute("SELECT found FROM remembered WHERE key = '0a'").fetchone()
        damage = {"0b": sound[:-1] + b"x", "0c": "text", "0d": zlib.compress(b"[]")}
        db.executemany("UPDATE remembered SET found = ? WHERE key = ?", [(b, a) for a, b in damage.items()])
    async with SqliteStore(path) as store:
        assert set(await store.recall(["0a", *damage])) == {"0a"}
