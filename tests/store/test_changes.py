"""What a store remembers of targets that went and came back, and what is said of it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.findings import Policy, findings_of
from enrich.model import (
    CanonicalUrl,
    CheckResult,
    Element,
    Identity,
    Link,
    Metadata,
    Repository,
    Status,
    TargetState,
    Verdict,
)
from enrich.store.history import Confirmation, Side, has_crossed, merge, side_of
from enrich.store.protocol import FoundDocument, FoundLink, FoundTarget, Gain, Rows, Stars, Store
from enrich.store.sqlite import SqliteStore
from enrich.summary import _with_pasts

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = Confirmation()
VERDICTS = {
    "ok": Verdict(Status.OK, "http-200"),
    "moved": Verdict(Status.REDIRECTED, "http-301"),
    "404": Verdict(Status.BROKEN, "http-404"),
    "410": Verdict(Status.BROKEN, "http-410"),
    "timeout": Verdict(Status.UNREACHABLE, "timeout"),
    "wall": Verdict(Status.BLOCKED, "bot-wall"),
    "resolver": Verdict(Status.UNREACHABLE, "dns-failure"),
    "provider": Verdict(Status.UNREACHABLE, "provider-failure"),
}
NOTHING = Policy(fail_on=frozenset())


@dataclass
class Nights:
    """A note with links, and what each night finds out about them."""

    store: Store
    ids: tuple[str, ...] = ("github:o/r",)
    night: int = 0

    async def pass_by(
        self, *answers: str | None, metadata: Metadata | None = None, withheld: str | None = None
    ) -> list[str]:
        """One night with an answer for each link, None for one not asked; the codes of its findings from the past."""
        self.night += 1
        now = NOW + self.night * DAY
        await self.store.begin(version="1", options="{}", now=now, fresh=True)
        await self.store.add([self._note()])
        results = [
            CheckResult(target_id=id_, at=now, verdict=VERDICTS[name], metadata=metadata, withheld=withheld)
            for id_, name in zip(self.ids, answers, strict=True)
            if name is not None
        ]
        await self.store.record(results, RULE)
        await self.store.finish(complete=True, now=now)
        return await self.said()

    def _note(self) -> FoundDocument:
        links = [
            FoundLink(
                link=Link(url=url, line=line, column=1, element=Element.BARE),
                target=FoundTarget(
                    identity=Identity(id=id_, kind=id_.partition(":")[0].replace("url", "web"), url=url),
                    host="h",
                ),
            )
            for line, id_ in enumerate(self.ids, 1)
            for url in [CanonicalUrl(f"https://h/{id_}")]
        ]
        return FoundDocument(path="a.md", title=None, date=None, date_source="none", links=links)

    async def said(self, policy: Policy = NOTHING) -> list[str]:
        def use(rows: Rows) -> list[str]:
            found = (
                policy.weighed(one, target)
                for target, past in _with_pasts(rows)
                for one in findings_of(target, policy, past)
            )
            codes = ("recovered", "unstable", "github-recreated")
            return [one.finding.code for one in found if one is not None and one.finding.code in codes]

        return await self.store.read(use)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with SqliteStore(tmp_path / "cache.sqlite3") as made:
        yield made


@pytest.fixture
def nights(store: Store) -> Nights:
    return Nights(store)


# --- recovered --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (["404"], "ok", ["recovered"]),
        (["404"], "moved", ["recovered"]),
        (["ok", "404"], "ok", ["recovered"]),
        (["ok", "404", "404"], "ok", ["recovered"]),
        (["410"], "ok", ["recovered"]),
        # Broken in an earlier report, whatever came between.
        (["404", "timeout"], "ok", ["recovered"]),
        (["404", "wall"], "ok", ["recovered"]),
        (["404", "timeout", "wall"], "ok", ["recovered"]),
        # Never called broken.
        ([], "ok", []),
        (["ok"], "ok", []),
        (["timeout"], "ok", []),
        (["ok", "timeout"], "ok", []),
        (["wall"], "ok", []),
        (["ok", "wall"], "ok", []),
        (["ok", "resolver", "provider"], "ok", []),
        # Not back yet.
        (["404"], "404", []),
        (["404"], "wall", []),
        (["404"], "timeout", []),
    ],
)
async def test_a_link_that_was_broken_is_told_of_when_it_works_again(
    nights: Nights, before: list[str], after: str, said: list[str]
) -> None:
    for answer in before:
        await nights.pass_by(answer)
    assert await nights.pass_by(after) == said


async def test_a_recovery_is_told_in_its_own_run_alone(nights: Nights) -> None:
    await nights.pass_by("404")
    assert await nights.pass_by("ok") == ["recovered"]
    assert await nights.said() == ["recovered"]
    assert await nights.pass_by(None) == []
    assert await nights.pass_by("ok") == []


async def test_a_run_that_was_killed_and_goes_on_still_tells_of_a_recovery(nights: Nights) -> None:
    await nights.pass_by("404")
    now = NOW + 2 * DAY
    await nights.store.begin(version="1", options="{}", now=now, fresh=True)
    await nights.store.add([nights._note()])
    await nights.store.record([CheckResult(target_id="github:o/r", at=now, verdict=VERDICTS["ok"])], RULE)
    run = await nights.store.begin(version="1", options="{}", now=now + timedelta(hours=1), fresh=False)
    assert run.resumed
    await nights.store.add([nights._note()])
    assert await nights.said() == ["recovered"]


async def test_what_was_withheld_was_never_broken(nights: Nights) -> None:
    await nights.pass_by("ok")
    await nights.pass_by("410", withheld="so many at once")
    assert await nights.pass_by("ok") == []
    await nights.pass_by("410", withheld="so many at once")
    await nights.pass_by("timeout")
    assert await nights.pass_by("ok") == []


async def test_each_target_has_its_own_past(store: Store) -> None:
    nights = Nights(store, ids=("github:a/a", "url:https://h/b", "url:https://h/c", "url:https://h/Ä"))
    await nights.pass_by("404", "ok", "404", "404")
    assert await nights.pass_by("ok", "ok", "404", "ok") == ["recovered", "recovered"]


# --- unstable ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "unstable"),
    [
        ("ok 404 ok 404", False),
        ("ok 404 ok 404 ok", True),
        ("ok timeout ok timeout ok", True),
        ("404 ok timeout ok 404", True),
        ("moved 410 ok 404 moved", True),
        ("ok 404 404 timeout 404 ok", False),
        # Walls, our resolver and a provider's trouble are no changes, wherever they stand.
        ("ok wall ok wall ok wall ok", False),
        ("ok resolver ok provider ok resolver ok", False),
        ("ok 404 wall ok wall 404 provider ok", True),
        ("timeout wall timeout wall timeout", False),
        ("404 timeout 404 timeout 404", False),
    ],
)
async def test_four_changes_within_thirty_days_are_unstable(
    nights: Nights, answers: str, unstable: bool
) -> None:
    said: list[str] = []
    for answer in answers.split():
        said = await nights.pass_by(answer)
    assert ("unstable" in said) is unstable


async def test_a_link_that_behaves_for_thirty_days_is_stable_again(nights: Nights) -> None:
    for answer in ("ok", "404", "ok", "404", "ok"):
        await nights.pass_by(answer)
    nights.night += 26
    assert await nights.pass_by("ok") == ["unstable"]
    nights.night += 1
    assert await nights.pass_by("ok") == []


async def test_what_lies_in_the_collection_changes_as_its_author_likes(store: Store) -> None:
    nights = Nights(store, ids=("file:b.md",))
    for answer in ("ok", "404", "ok", "404"):
        await nights.pass_by(answer)
    assert await nights.pass_by("ok") == ["recovered"]


STEPS = st.lists(st.sampled_from(sorted(VERDICTS)), max_size=14)


def states(steps: Iterable[str]) -> list[TargetState]:
    found = [TargetState()]
    for number, name in enumerate(steps):
        result = CheckResult(target_id="x", at=NOW + number * DAY, verdict=VERDICTS[name])
        found.append(merge(found[-1], result, RULE))
    return found


@given(STEPS)
def test_changes_are_those_of_the_definite_answers_alone(steps: list[str]) -> None:
    alive = [name in ("ok", "moved") for name in steps if name not in ("wall", "resolver", "provider")]
    expected = sum(one is not other for one, other in itertools.pairwise(alive))
    history = states(steps)
    assert sum(map(has_crossed, history, history[1:])) == expected


@given(STEPS)
def test_a_target_stands_where_its_last_definite_answer_put_it(steps: list[str]) -> None:
    told = [name for name in steps if name not in ("wall", "resolver", "provider")]
    side = side_of(states(steps)[-1])
    if not told:
        assert side is None
    else:
        assert (side is Side.ALIVE) is (told[-1] in ("ok", "moved"))


# --- another repository under the same name ---------------------------------------------------------


def repository(number: int | None, name: str = "o/r") -> Repository:
    return Repository(full_name=name, repository_id=number)


async def test_another_repository_under_an_old_name_is_told_of_in_every_night(nights: Nights) -> None:
    assert await nights.pass_by("ok", metadata=repository(1)) == []
    assert await nights.pass_by("ok", metadata=repository(1)) == []
    assert await nights.pass_by("ok", metadata=repository(2)) == ["github-recreated"]
    assert await nights.pass_by(None) == ["github-recreated"]
    assert await nights.pass_by("ok", metadata=repository(2)) == ["github-recreated"]
    assert await nights.pass_by("wall") == ["github-recreated"]
    # Until a person has looked and says so.
    assert await nights.said(Policy(fail_on=frozenset(), ignore=frozenset({"github-recreated"}))) == []


async def test_a_name_that_leads_to_its_first_repository_again_is_fine(nights: Nights) -> None:
    for number in (1, 2):
        await nights.pass_by("ok", metadata=repository(number))
    assert await nights.pass_by("ok", metadata=repository(1)) == []


async def test_a_rename_is_no_other_repository(nights: Nights) -> None:
    await nights.pass_by("ok", metadata=repository(1))
    assert await nights.pass_by("moved", metadata=repository(1, "new/name")) == []
    # Until somebody else takes the old name.
    assert await nights.pass_by("ok", metadata=repository(2)) == ["github-recreated"]


async def test_a_repository_without_a_number_is_no_other_one(nights: Nights) -> None:
    await nights.pass_by("ok", metadata=repository(None))
    await nights.pass_by("ok", metadata=repository(1))
    assert await nights.pass_by("ok", metadata=repository(None)) == []
    assert await nights.pass_by("ok", metadata=repository(2)) == ["github-recreated"]


async def test_a_repository_that_is_gone_is_told_of_as_gone(nights: Nights) -> None:
    for number in (1, 2):
        await nights.pass_by("ok", metadata=repository(number))
    assert await nights.pass_by("410") == []


# --- stars ------------------------------------------------------------------------------------------


async def test_stars_are_read_back_by_day_in_batches(store: Store) -> None:
    nights = Nights(store, ids=("github:a/a",))
    for stars in (10, 12, 9):
        await nights.pass_by("ok", metadata=Repository(full_name="a/a", stars=stars))
    found = await store.stars(["github:a/a", "github:never/seen"])
    first = date(2026, 5, 11)
    days = tuple((first + number * DAY, stars) for number, stars in enumerate((10, 12, 9)))
    assert found == {"github:a/a": Stars(days=days)}
    assert await store.read(lambda rows: rows.stars_of("github:a/a")) == days
    assert await store.read(lambda rows: rows.stars_of("github:never/seen")) == ()


@pytest.mark.parametrize(
    ("days", "since", "expected"),
    [
        ([(1, 10), (5, 14), (9, 20)], 5, (5, 9, 6)),
        ([(1, 10), (5, 14), (9, 20)], 7, (5, 9, 6)),
        ([(1, 10), (5, 14), (9, 20)], 1, (1, 9, 10)),
        ([(3, 10), (9, 4)], 1, (3, 9, -6)),
        ([(3, 10), (9, 4)], 30, (3, 9, -6)),
        ([(3, 10)], 1, None),
        ([], 1, None),
    ],
)
def test_a_gain_counts_from_the_last_number_known_on_a_day(
    days: list[tuple[int, int]], since: int, expected: tuple[int, int, int] | None
) -> None:
    stars = Stars(days=tuple((date(2026, 5, day), number) for day, number in days))
    gain = stars.gain_since(date(2026, 5, since))
    assert gain == (
        expected
        and Gain(since=date(2026, 5, expected[0]), until=date(2026, 5, expected[1]), stars=expected[2])
    )
