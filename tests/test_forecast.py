"""What is said of slow hosts before a run counts every question that a link takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_check import World, asking_of, respond

from enrich.backlog import Backlog, Queue, Workload, slowest
from enrich.checking import check_all
from enrich.forecast import forecast, turns_of
from enrich.model import Manners
from enrich.registry import kinds

pytestmark = pytest.mark.anyio

PAGES = [f"https://blog.example/{number}" for number in range(40)]
# Whose pages stand behind them.
PDFS = [f"https://aclanthology.org/2022.acl-long.{number}.pdf" for number in range(40)]
DOIS = [f"https://doi.org/10.1000/{number}" for number in range(1000)]
ARTICLES = [f"https://mp.weixin.qq.com/s/{number:022}" for number in range(40)]


@pytest.mark.parametrize(
    ("urls", "gap_seconds", "is_check", "seconds_each"),
    [
        (PAGES, 2.0, False, 2.0),
        (PAGES, 2.0, True, 2.0),
        (ARTICLES, 2.0, False, 2.0),
        # In a run the agency answers behind doi.org, and more slowly.
        (DOIS, 0.1, False, 0.2),
        (DOIS, 0.1, True, 0.1),
    ],
)
async def test_a_link_takes_as_long_as_all_of_its_questions(
    tmp_path: Path, urls: list[str], gap_seconds: float, is_check: bool, seconds_each: float
) -> None:
    manners = Manners(interval_seconds=gap_seconds)
    async with asking_of(World(respond(200)), urls, tmp_path, manners=manners, is_check=is_check) as asking:
        (bound,) = bounds = await forecast(asking)
    assert (bound.due, bound.gap_seconds) == (len(urls), seconds_each)
    turns = turns_of(bounds, lambda _host: manners)
    assert turns.get(bound.host, 1.0) == seconds_each / gap_seconds
    backlog = Backlog(left={Queue(bound.host): len(urls)})
    workload = Workload(backlog=backlog, lanes=dict, manners_of=lambda _host: manners, questions=turns)
    assert [ahead.seconds for ahead in slowest(workload)] == [len(urls) * seconds_each]


def test_dois_wait_for_the_agency_that_most_are_registered_with() -> None:
    doi = kinds()["doi"]
    assert doi.page_seconds("doi.org", doi.manners["doi.org"].interval_seconds) == 0.2
    assert max(agency.interval_seconds for agency in doi.manners.values()) >= 0.2


@pytest.mark.parametrize(
    ("urls", "content_type", "seconds"),
    [(PAGES[:5], "text/html", 100.0), (PDFS[:5], "application/pdf", 200.0)],
)
async def test_what_is_foretold_of_pages_is_what_they_are_asked(
    tmp_path: Path, urls: list[str], content_type: str, seconds: float
) -> None:
    world = World(respond(200, b"<title>A page</title>", content_type=content_type))
    async with asking_of(world, urls, tmp_path, manners=Manners(interval_seconds=20.0)) as asking:
        (bound,) = await forecast(asking)
        await check_all(asking)
    assert bound.seconds_for_all == 20.0 * len(world.asked) == seconds
