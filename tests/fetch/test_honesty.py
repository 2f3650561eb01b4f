"""Whether the network is up and honest, as far as the fetch layer can tell."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import anyio
import origin
import pytest
from fetching import names, settings

from enrich.fetch.client import Fetcher
from enrich.model import Manners, Request

pytestmark = pytest.mark.anyio

NOBODY = "http://127.0.0.1:9/"


async def invent(host: str, _port: int) -> Sequence[str]:
    """A resolver that knows every name."""
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("resolve", "invents"),
    [(invent, True), (names({}), False), (names({}, []), False)],
)
async def test_a_resolver_that_knows_a_name_that_cannot_exist_invents_answers(
    resolve: object, invents: bool
) -> None:
    async with Fetcher(settings(), resolve=resolve) as fetcher:  # type: ignore[arg-type]
        assert await fetcher.invents_answers() is invents
        assert fetcher.requests == 0


async def test_a_resolver_out_of_order_invents_nothing() -> None:
    async def broken(host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "made up")

    async with Fetcher(settings(), resolve=broken) as fetcher:
        assert await fetcher.invents_answers() is False


async def test_each_question_is_about_another_name_that_cannot_exist() -> None:
    asked: list[str] = []
    async with Fetcher(settings(), resolve=names({}, asked)) as fetcher:
        await fetcher.invents_answers()
        await fetcher.invents_answers()
    assert len(set(asked)) == 2
    assert all(name.endswith(".invalid") for name in asked)


@pytest.mark.parametrize(
    ("status", "invents"), [(200, True), (302, True), (404, False), (502, False), (503, False)]
)
async def test_a_proxy_that_answers_for_such_a_name_invents_answers(status: int, invents: bool) -> None:
    async with origin.serve() as proxy:
        proxy.script("/", origin.Answer(status=status))
        there = {"http": proxy.url("/").rstrip("/")}
        async with Fetcher(settings(proxies=there)) as fetcher:
            assert await fetcher.invents_answers() is invents
            assert (fetcher.answered, fetcher.witnesses()) == (False, [])
        assert [arrival.target.endswith(".invalid/") for arrival in proxy.arrivals] == [True]


async def test_the_network_is_up_when_one_of_the_hosts_answers() -> None:
    async with origin.serve() as web, Fetcher(settings()) as fetcher:
        assert not await fetcher.is_up([])
        assert not await fetcher.is_up([NOBODY])
        assert await fetcher.is_up([NOBODY, web.url("/ok")])
        assert [arrival.method for arrival in web.arrivals] == ["HEAD"]


async def test_quick_hosts_are_the_witnesses_where_there_are_enough() -> None:
    async with origin.serve("0.0.0.0") as web, Fetcher(settings()) as fetcher:
        for number in range(2, 6):
            path = "/slow/1.1" if number == 5 else "/ok"
            await fetcher.fetch(Request(url=web.url(path, f"127.0.0.{number}")))
        assert fetcher.witnesses() == [web.url("/ok", f"127.0.0.{number}") for number in (4, 3, 2)]


async def test_a_witness_whose_lane_is_full_is_not_waited_for() -> None:
    manners = settings(manners_of=lambda _: Manners(width=1, interval_seconds=0.0))
    async with (
        origin.serve("0.0.0.0") as web,
        Fetcher(manners) as fetcher,
        anyio.create_task_group() as tasks,
    ):
        busy, idle = web.url("/silent", "127.0.0.2"), web.url("/ok", "127.0.0.3")
        tasks.start_soon(fetcher.fetch, Request(url=busy))
        with anyio.fail_after(60):
            while not web.arrivals:  # noqa: ASYNC110 - the server keeps a list, and tells nobody
                await anyio.sleep(0.01)
        assert await fetcher.is_up([busy.replace("silent", "ok"), idle])
        assert [arrival.target for arrival in web.arrivals] == ["/silent", "/ok"]
        tasks.cancel_scope.cancel()


async def test_a_plain_answer_proves_nothing_where_a_safe_one_could_be_had() -> None:
    async with origin.serve() as web, Fetcher(settings(connect_timeout_seconds=0.5)) as fetcher:
        safe = web.url("/ok").replace("http:", "https:")
        assert not await fetcher.is_up([web.url("/ok"), safe])
        assert web.arrivals == []


async def test_after_an_outage_of_names_a_known_address_is_not_enough() -> None:
    table: dict[str, Sequence[str] | int] = {"a.example": ["127.0.0.1"]}
    async with origin.serve() as web, Fetcher(settings(), resolve=names(table)) as fetcher:
        url = web.url("/ok", "a.example")
        await fetcher.fetch(Request(url=url))
        table["a.example"] = socket.EAI_AGAIN
        assert await fetcher.is_up([url])
        assert not await fetcher.is_up([url], names=True)


async def test_an_answer_says_when_its_question_was_asked() -> None:
    async with origin.serve() as web, Fetcher(settings()) as fetcher:
        assert (fetcher.answered_from, fetcher.verified_from) == (float("-inf"), float("-inf"))
        await fetcher.fetch(Request(url=web.url("/slow/0.2")))
        assert anyio.current_time() - fetcher.answered_from >= 0.2
        assert fetcher.verified_from == float("-inf")
