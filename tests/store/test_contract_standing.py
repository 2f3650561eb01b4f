"""What every store lets stand for the next run, and what it remembers of documents that changed."""

from __future__ import annotations

import contextlib
import sqlite3
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest
from put_in import DAY, NOW, RULE, begin, document, due, link, result, rows, target

from enrich.codec import encode
from enrich.model import Page
from enrich.store import memory
from enrich.store.protocol import Mark, Store
from enrich.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio


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


async def left_of_three(store: Store, then: datetime) -> set[str]:
    """What is remembered now of three documents that a run found at another time."""
    await begin(store, now=then)
    await store.remember({name: document() for name in ("0a", "0b", "0c")}, [])
    await store.add([], marks=[Mark("0a", unreadable=False)])
    await store.settle(is_tidy=True)
    await store.begin(version="1", options="{}", now=NOW, fresh=False)
    await store.keep()
    await store.remember({}, ["0b"])
    await store.settle(is_tidy=False)
    return set(await store.recall(["0a", "0b", "0c"]))


async def test_what_nobody_has_a_use_for_is_forgotten_after_a_week(store: Store) -> None:
    assert await left_of_three(store, NOW - 9 * DAY) == {"0a", "0b"}, "one stands, one was of use"


async def test_a_wrong_clock_has_nothing_remembered_for_ever(store: Store) -> None:
    assert await left_of_three(store, NOW + 1000 * DAY) == {"0a", "0b"}, "one stands, one was of use"


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
