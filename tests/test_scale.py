"""The benchmark of great collections: its clock, its collections, and that what it computes is what a run does."""

from __future__ import annotations

import time

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
from requirements import ROOT

from benchmarks import virtual_time
from benchmarks.scale import computed, measure_quickly, table
from benchmarks.scale_mix import SHARE_OF_SINGLE_LINKS, WECHAT, Collection, measured_mix
from benchmarks.scale_run import Pass, Plan, foretold, shares, simulated
from benchmarks.virtual_time import Clock
from enrich.model import Manners
from enrich.registry import built_in_manners


@pytest.fixture(scope="module")
def small() -> tuple[Plan, Pass]:
    """A collection with hosts of every class, asked by three workers."""
    plan = Plan(collection=measured_mix(600), workers=3)
    return plan, simulated(plan)


# --- the clock ----------------------------------------------------------------------------------------


def test_a_year_of_waiting_takes_no_time_and_timers_come_in_their_order() -> None:
    seen: list[float] = []

    async def main(_clock: Clock) -> float:
        async def wait(seconds: float) -> None:
            await anyio.sleep(seconds)
            seen.append(seconds)

        async with anyio.create_task_group() as tasks:
            for seconds in (365 * 86_400.0, 0.5, 90_000.0):
                tasks.start_soon(wait, seconds)
        return anyio.current_time()

    assert virtual_time.run(main) == pytest.approx(365 * 86_400.0)
    assert seen == [0.5, 90_000.0, 365 * 86_400.0]


def test_the_clock_stands_while_a_thread_works_and_goes_while_it_waits_for_the_loop() -> None:
    async def main(clock: Clock) -> tuple[float, float]:
        async def answer() -> None:
            with clock.answering_thread():
                await anyio.sleep(3600)

        async with anyio.create_task_group() as tasks:
            # A timer that the clock would run to, if it took the thread for nothing to do.
            tasks.start_soon(anyio.sleep, 86_400)
            await anyio.to_thread.run_sync(time.sleep, 0.05)
            worked = anyio.current_time()
            await anyio.to_thread.run_sync(anyio.from_thread.run, answer)
            waited = anyio.current_time() - worked
        return worked, waited

    assert virtual_time.run(main) == (0.0, pytest.approx(3600))


def test_waiting_for_nothing_is_an_error() -> None:
    async def main(_clock: Clock) -> None:
        await anyio.Event().wait()

    with pytest.raises(RuntimeError, match="no time brings"):
        virtual_time.run(main)


# --- collections --------------------------------------------------------------------------------------


@pytest.mark.parametrize("links", [5_000, 30_000, 1_000_000])
def test_a_collection_has_as_many_links_as_it_says_and_mostly_hosts_with_one(links: int) -> None:
    collection = measured_mix(links)
    assert collection.targets == links
    alone = sum(count == 1 for count in collection.hosts.values())
    assert alone / len(collection.hosts) == pytest.approx(SHARE_OF_SINGLE_LINKS, abs=0.05)


def test_workers_share_hosts_and_apis_without_a_rest() -> None:
    plan = Plan(collection=measured_mix(5_000), workers=4)
    parts = [part.collection for part in shares(plan)]
    for names in ("hosts", "by_api"):
        given = [pair for part in parts for pair in getattr(part, names).items()]
        assert sorted(given) == sorted(getattr(plan.collection, names).items())
    assert sum(bool(part.hosts) for part in parts) == 4


# --- a run in virtual time ----------------------------------------------------------------------------


def test_a_simulated_run_takes_as_long_as_arithmetic_says(small: tuple[Plan, Pass]) -> None:
    plan, ran = small
    said = computed(plan)
    assert ran.seconds.keys() == said.seconds.keys()
    assert ran.nights == said.nights == 1
    for name, seconds in said.seconds.items():
        # Few answers decide here, which take a quarter more or less, and dice the gaps between eleven articles.
        few = 30 if name == WECHAT else 6
        assert ran.seconds[name] == pytest.approx(seconds, rel=0.1, abs=few), name


def test_no_host_of_a_simulated_run_sees_more_than_its_manners_allow(small: tuple[Plan, Pass]) -> None:
    _, ran = small
    for host, seen in ran.visits.items():
        manners = built_in_manners().get(host, Manners())
        gap = seen.rest_seconds if manners.width == 1 else seen.gap_seconds
        assert gap >= manners.interval_seconds - 1e-6, host
        assert seen.most_at_once <= manners.width, host


def test_apis_are_asked_in_batches_and_dois_at_their_agency_too(small: tuple[Plan, Pass]) -> None:
    plan, ran = small
    assert {name: ran.visits[name].count for name in ("api.github.com", "export.arxiv.org")} == {
        "api.github.com": 2,
        "export.arxiv.org": 1,
    }
    assert ran.visits["data.crossref.org"].count == plan.collection.hosts["doi.org"]
    verdicts = simulated(Plan(collection=measured_mix(100), facts=False))
    assert "data.crossref.org" not in verdicts.visits


def test_what_a_run_says_before_it_begins_is_of_the_hosts_that_take_longest() -> None:
    told = foretold(measured_mix(1_000_000))
    # A mean gap of ten seconds for each of 18,000 articles; for each DOI a fifth of one, as its agency wants.
    due = {bound.called: (bound.due, bound.seconds_for_all) for bound in told}
    assert due["WeChat links"] == (18_000, 180_000)
    assert due["DOI links"] == (150_000, pytest.approx(30_000))
    assert next(iter(due)) == "DOI links"


def test_a_nightly_run_takes_the_whole_share_of_a_host_every_night() -> None:
    """By a clock that goes on while it asks: the turn of the last night has just ended a day ago."""
    plan = Plan(collection=Collection(1_500, {"mp.weixin.qq.com": 1_500}, {}))
    ran = simulated(plan)
    assert ran.nights == computed(plan).nights == 3
    assert ran.visits["mp.weixin.qq.com"].count == 1_500
    assert ran.slowest_first == [WECHAT]


def test_the_host_that_takes_longest_does_not_wait_for_those_before_it_in_the_alphabet() -> None:
    others = {f"{number:05}.example": 1 for number in range(2_100)}
    collection = Collection(2_150, others | {"z.example": 50}, {})
    ran = simulated(Plan(collection=collection, facts=False))
    assert next(iter(ran.visits)) == "z.example"


def test_the_page_about_scale_shows_what_is_computed_and_foretold() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    result = measure_quickly()
    printed = table(result).splitlines()
    rows = [line for line in printed if line.startswith("| 1,000,000 |")]
    assert len(rows) == 3
    assert [row for row in rows if row not in page] == []
    foretold_lines = [line.removeprefix("- ") for line in printed if line.startswith("- at ")]
    assert sum(f"\n{line}\n" in page for line in foretold_lines) == 2
