"""What robots.txt says, and when it is asked for."""

from __future__ import annotations

import time

import anyio
import pytest
from fetching import answer, failure, fetcher
from origin import Answer, Origin, serve

from enrich.fetch.robots import LARGEST_BYTES, LONGEST_DELAY_SECONDS, question, read, rules_of
from enrich.model import Failure, FailureKind, Outcome, Purpose, Request, Response

PAGE = "https://a.example/private/page?x=1"


@pytest.mark.parametrize(
    ("text", "allowed", "delay"),
    [
        ("", True, 0.0),
        ("User-agent: *\nDisallow: /private", False, 0.0),
        ("User-agent: *\nDisallow: /private\nAllow: /private/page", True, 0.0),
        ("User-agent: *\nDisallow: /*?x=", False, 0.0),
        ("User-agent: *\nDisallow: /page$", True, 0.0),
        ("User-agent: *\nDisallow: /\n\nUser-agent: enrich\nDisallow:", True, 0.0),
        ("User-agent: *\nCrawl-delay: 9\n\nUser-agent: Enrich\nCrawl-delay: 2.5", True, 2.5),
        ("User-agent: somebody\nUser-agent: enrich\nDisallow: /private\nCrawl-delay: 1", False, 1.0),
        ("User-agent: somebody\nDisallow: /\nCrawl-delay: 30", True, 0.0),
        ("User-agent: somebody\nDisallow: /\nUser-agent: *\nCrawl-delay: 3", True, 3.0),
        ("User-agent: enrichment\nDisallow: /", True, 0.0),
        ("\ufeffUser-agent: *\r\nDisallow: /private\r\n", False, 0.0),
        ("user-agent : *  # all\nDISALLOW : /private # secret", False, 0.0),
        ("User-agent: *\nCrawl-delay: 86400", True, LONGEST_DELAY_SECONDS),
        ("User-agent: *\nCrawl-delay: inf", True, 0.0),
        ("User-agent: *\nCrawl-delay: -5", True, 0.0),
        ("<html><title>User-agent: none</title>", True, 0.0),
    ],
)
def test_what_a_robots_txt_says_to_us(text: str, allowed: bool, delay: float) -> None:
    rules = read(text)
    assert (rules.allows(PAGE), rules.crawl_delay_seconds) == (allowed, delay)


@pytest.mark.parametrize(
    ("status", "respect", "allowed"),
    [
        (404, True, True),
        (403, True, True),
        (500, True, False),
        (500, False, True),
        (0, True, False),
        (0, False, True),
    ],
)
def test_no_file_is_no_rule_and_an_unknown_one_forbids_only_to_who_respects_it(
    status: int, respect: bool, allowed: bool
) -> None:
    outcome: Outcome = Response(url=PAGE, status=status, headers={}, body=b"User-agent: *\nDisallow: /")
    if not status:
        outcome = Failure(kind=FailureKind.TIMEOUT, detail="", url=PAGE)
    assert rules_of(outcome, respect=respect).allows(PAGE) is allowed


def test_a_file_that_names_many_programs_takes_little_time() -> None:
    half = LARGEST_BYTES // 2
    text = "".join(f"User-agent: program-{n}\n" for n in range(half // 24))
    text += "".join(f"Disallow: /{n}\n" for n in range(half // 17))
    began = time.process_time()
    rules = read(text + "User-agent: enrich\nDisallow: /private\n")
    assert not rules.allows(PAGE)
    assert time.process_time() - began < 5


def test_the_file_lies_at_the_root_of_the_origin() -> None:
    assert question("http://a.example:8080/x/y?z").url == "http://a.example:8080/robots.txt"


async def ask(origin: Origin, paths: list[str], **settings: object) -> list[Outcome]:
    """Ask for paths one after another; robots.txt counts everywhere."""
    async with fetcher(**{"reads_robots": lambda _host: True, **settings}) as asking:
        return [await asking.fetch(Request(url=origin.url(path))) for path in paths]


def asked(origin: Origin) -> list[str]:
    return [arrival.target for arrival in origin.arrivals]


@pytest.mark.anyio
async def test_one_address_is_not_worth_another_request_and_a_second_is() -> None:
    async with serve() as origin:
        await ask(origin, ["/ok", "/ok", "/ok?2", "/ok?3"])
    assert asked(origin) == ["/ok", "/ok", "/robots.txt", "/ok?2", "/ok?3"]


@pytest.mark.anyio
async def test_many_links_at_once_ask_for_it_once_and_wait_for_it() -> None:
    async with serve() as origin, fetcher(reads_robots=lambda _host: True, respect_robots=True) as asking:
        origin.script("/robots.txt", Answer(200, body=b"User-agent: *\nDisallow: /", after_seconds=0.2))
        kinds: list[FailureKind] = []

        async def keep(number: int) -> None:
            kinds.append(failure(await asking.fetch(Request(url=origin.url(f"/ok?{number}")))).kind)

        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(keep, number)
    assert kinds == [FailureKind.ROBOTS_DISALLOWED] * 8
    assert asked(origin) == ["/robots.txt"]


@pytest.mark.anyio
async def test_hosts_with_manners_of_their_own_and_apis_are_not_asked_for_it() -> None:
    async with serve() as origin:
        await ask(origin, ["/ok?1", "/ok?2"], reads_robots=lambda host: host != "127.0.0.1")
        async with fetcher(reads_robots=lambda _host: True) as asking:
            for number in range(3):
                request = Request(url=origin.url(f"/ok?{number}"), purpose=Purpose.API)
                answer(await asking.fetch(request))
    assert "/robots.txt" not in asked(origin)


@pytest.mark.anyio
async def test_where_a_redirect_leads_counts_too() -> None:
    async with serve() as origin:
        origin.script("/robots.txt", Answer(200, body=b"User-agent: *\nDisallow: /ok"))
        (found,) = await ask(origin, ["/redirect/1"], respect_robots=True)
    assert failure(found).kind is FailureKind.ROBOTS_DISALLOWED
    assert "/ok" not in asked(origin)


@pytest.mark.anyio
@pytest.mark.parametrize("trouble", ["/endless", "/redirect/3", "/garbage", "/bomb/64", "/loop"])
async def test_a_robots_txt_in_trouble_keeps_no_link_from_being_asked(trouble: str) -> None:
    async with serve() as origin:
        origin.script("/robots.txt", Answer(302, {"Location": trouble}))
        outcomes = await ask(origin, ["/ok?1", "/ok?2", "/ok?3"])
    assert [answer(outcome).status for outcome in outcomes] == [200] * 3
    assert asked(origin).count("/robots.txt") == 1
