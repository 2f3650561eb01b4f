"""Generic web outcomes, each with the verdict that a careful person would give.

The table is in `outcomes`, `in_place`, `alive` and `gone`: a real server on 127.0.0.1 answers, the real fetcher asks,
and what is stated in the end is compared.
"""

from __future__ import annotations

import socket
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from alive import ALIVE
from fetching import names, settings
from gone import IN_OTHER_WORDS
from in_place import IN_PLACE
from origin import Answer, Arrival, serve
from outcomes import CASES, FRONT, HTML, PAGE, SILENT, SORRY, Case, bare, case, page, to
from test_check import World, asking_of, fail, respond

from enrich.fetch.client import Fetcher
from enrich.judging import check_one
from enrich.model import CheckResult, FailureKind, Hop, Outcome, Request, Response, Status, Target, Verdict
from enrich.store.protocol import DueTarget

pytestmark = pytest.mark.anyio

NAMES: dict[str, list[str] | int] = {
    "site.test": ["127.0.0.1"],
    "www.site.test": ["127.0.0.1"],
    "other.test": ["127.0.0.1"],
    "www.zhihu.com": ["127.0.0.1"],
    "book.douban.com": ["127.0.0.1"],
    "www.bilibili.com": ["127.0.0.1"],
    "www.hugedomains.com": ["127.0.0.1"],
    "www.youtube.com": ["127.0.0.1"],
    "www.bodis.com": ["127.0.0.1"],
    "login.test": ["127.0.0.1"],
    "private.test": ["10.0.0.1"],
    "down.test": ["127.0.0.9"],
    "broken.test": socket.EAI_AGAIN,
    "empty.test": getattr(socket, "EAI_NODATA", socket.EAI_NONAME),
}


@dataclass
class Asked:
    """What became of a case: the result, and the requests that it cost."""

    result: CheckResult
    requests: list[tuple[str, str]] = field(default_factory=list)


async def ask(one: Case, folder: Path, links: tuple[str, ...] = ()) -> list[Asked]:
    """The link of a case (or several of the same site in one run), through everything that a run asks with."""

    def otherwise(arrival: Arrival) -> Answer:
        host = arrival.headers["host"].partition(":")[0]
        found = next(
            (
                one.site[key]
                for key in (f"{host}{arrival.target}", arrival.target, arrival.path, "*")
                if key in one.site
            ),
            None,
        )
        if isinstance(found, tuple):
            found = found[arrival.method != "HEAD"]
        if isinstance(found, list):
            taken[id(found)] += 1
            found = found[min(taken[id(found)], len(found)) - 1]
        found = found or page(f"{arrival.path}: not found")
        location = {k: v.replace("{port}", f":{origin.port}") for k, v in found.headers.items()}
        return replace(found, headers=location)

    asked = []
    taken: Counter[int] = Counter()
    limits = settings(timeout_seconds=one.timeout_seconds, retries=one.retries)
    async with (
        serve() as origin,
        Fetcher(limits, resolve=names(NAMES)) as fetcher,
        asking_of(World(respond(200)), [], folder) as asking,
    ):
        origin.otherwise = otherwise
        for link in links or (one.link,):
            url = origin.url(link, one.host)
            target = Target(id=f"url:{url}", url=url, kind="web", host=one.host)
            before = len(origin.arrivals)
            found = await check_one(
                replace(asking, fetch=fetcher.fetch, retries=one.retries),
                DueTarget(target=target, wants_metadata=one.wants_page),
            )
            assert found is not None
            asked.append(
                Asked(found.result, [(each.method, each.target) for each in origin.arrivals[before:]])
            )
    return asked


def path_of(verdict: Verdict) -> str | None:
    return urlsplit(verdict.suggestion.url).path if verdict.suggestion else None


@pytest.mark.parametrize("one", [*CASES, *IN_PLACE, *ALIVE, *IN_OTHER_WORDS], ids=lambda one: one.name)
async def test_a_verdict_is_that_of_a_careful_person(one: Case, tmp_path: Path) -> None:
    (asked,) = await ask(one, tmp_path)
    verdict = asked.result.verdict
    assert f"{verdict.status} {verdict.reason}" == one.said, verdict.detail
    assert path_of(verdict) == one.better


def test_the_table_is_as_long_as_it_claims_and_no_row_is_there_twice() -> None:
    cases = [*CASES, *IN_PLACE, *ALIVE, *IN_OTHER_WORDS]
    assert len({one.name for one in cases}) == len(cases) >= 60


async def test_a_healthy_page_costs_what_it_cost_before(tmp_path: Path) -> None:
    quick = case("", "", PAGE, wants_page=False)
    assert (await ask(quick, tmp_path))[0].requests == [("HEAD", "/blog/a")]
    assert (await ask(case("", "", PAGE), tmp_path))[0].requests == [("GET", "/blog/a")]


@pytest.mark.parametrize(
    ("head", "get", "asked"),
    [
        (page(), SILENT, "GET GET HEAD"),
        (bare(405), [SILENT, page()], "GET GET"),
        (SILENT, [bare(503), SILENT], "GET GET HEAD"),
        (bare(503), [SILENT, bare(503)], "GET GET GET"),
        (page(), [bare(503), bare(503), page()], "GET GET GET"),
    ],
)
async def test_what_is_silent_or_fails_is_asked_again_two_times_at_most(
    head: Answer, get: Answer | list[Answer], asked: str, tmp_path: Path
) -> None:
    one = case("", "", {"*": (head, get)}, timeout_seconds=2.0, retries=2)
    requests = (await ask(one, tmp_path))[0].requests
    assert [method for method, _ in requests] == asked.split()


async def test_who_wants_no_retries_has_none(tmp_path: Path) -> None:
    one = case("", "", {"*": (page(), SILENT)}, timeout_seconds=2.0)
    (asked,) = await ask(one, tmp_path)
    assert [method for method, _ in asked.requests] == ["GET", "HEAD"]
    assert asked.result.lacks_page


async def test_a_host_is_asked_for_nonsense_once_in_a_run(tmp_path: Path) -> None:
    links = tuple(f"/blog/{number}" for number in range(9))
    asked = await ask(case("", "", {"*": SORRY}), tmp_path, links)
    assert {one.result.verdict.reason for one in asked} == {"soft-404"}
    assert [len(one.requests) for one in asked] == [2, *[1] * 8]


@pytest.mark.parametrize("place", ["/", "/404", "/error"])
async def test_a_way_that_head_alone_was_led_condemns_nobody(place: str, tmp_path: Path) -> None:
    url = "https://site.test/blog/a"

    def answer(request: Request) -> Outcome:
        if request.url == url and request.method == "GET":
            return fail(FailureKind.TIMEOUT)(request)
        end = f"https://site.test{place}"
        return Response(url=end, status=200, headers=HTML, body=SORRY.body, hops=(Hop(request.url, 302),))

    due = DueTarget(
        target=Target(id=f"url:{url}", url=url, kind="web", host="site.test"), wants_metadata=True
    )
    async with asking_of(World(answer), [], tmp_path) as asking:
        asked = await check_one(asking, due)
    assert asked is not None
    assert asked.result.verdict.status is Status.OK


async def test_a_front_page_costs_one_more_and_only_once(tmp_path: Path) -> None:
    site = {"/": FRONT, "/blog/first-post": page(), "*": to("/")}
    asked = await ask(
        case("", "", site, wants_page=False), tmp_path, ("/blog/a", "/blog/b", "/blog/first-post")
    )
    assert [one.result.verdict.reason for one in asked] == ["soft-404", "soft-404", "http-200"]
    # HEAD and GET of the link with their ways home, nonsense with its way, and the neighbour.
    assert [len(one.requests) for one in asked] == [7, 4, 1]
