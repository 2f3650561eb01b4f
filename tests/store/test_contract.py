"""What every store promises, whatever keeps the rows: who is due, in which order, and who is put off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from put_in import AGES, DAY, GONE, NOW, OK, RULE, begin, document, due, link, result, rows, target

from enrich.model import CanonicalUrl, Identity, Page, Repository, Status, Verdict
from enrich.store.protocol import Ages, FoundTarget, Store

pytestmark = pytest.mark.anyio


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
