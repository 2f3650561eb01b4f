"""What every store keeps of the answers, and gives to a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from put_in import AGES, DAY, NOW, OK, RULE, begin, document, due, link, result, rows, target

from enrich.errors import StorageError
from enrich.model import (
    CheckResult,
    EntryLink,
    Finding,
    Glimpse,
    Identity,
    Page,
    Paper,
    ReportEntry,
    Repository,
    Severity,
    Status,
    Verdict,
)
from enrich.store.protocol import Ages, FoundTarget, Store
from enrich.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio


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
