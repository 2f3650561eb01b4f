"""Hosts of one owner share their turns: what one of them is asked keeps the others waiting."""

from __future__ import annotations

import socket
from itertools import pairwise

import pytest
from anyio import create_task_group as task_group
from fetching import answer, failure, fetcher
from origin import Answer, serve

from enrich.model import FailureKind, Manners, Request

pytestmark = pytest.mark.anyio

FIRST, SECOND, ELSEWHERE = "127.0.0.1", "127.0.0.2", "127.0.0.3"
OWNED = Manners(width=1, interval_seconds=0.05, lane="owner")


def manners_of(host: str) -> Manners:
    return OWNED if host in (FIRST, SECOND) else Manners(width=1, interval_seconds=0.0)


async def test_hosts_of_one_owner_are_asked_one_at_a_time_through_retries_and_redirects() -> None:
    async with serve("0.0.0.0") as origin, fetcher(manners_of=manners_of, retries=1) as asking:
        origin.script("/away", Answer(301, {"Location": origin.url("/slow/0.05", SECOND)}))
        urls = [
            origin.url("/away", FIRST),
            origin.url("/status/503", SECOND),
            origin.url("/slow/0.05", FIRST),
            origin.url("/redirect/2", SECOND),
        ]
        async with task_group() as tasks:
            for url in urls:
                tasks.start_soon(asking.fetch, Request(url=url))
    asked = [arrival.at for arrival in origin.arrivals]
    assert len(asked) == 2 + 2 + 1 + 3
    assert origin.most_at_once == 1
    assert min(later - before for before, later in pairwise(asked)) >= 0.05


async def test_a_host_of_another_owner_does_not_wait() -> None:
    async with serve("0.0.0.0") as origin, fetcher(manners_of=manners_of) as asking, task_group() as tasks:
        tasks.start_soon(asking.fetch, Request(url=origin.url("/slow/0.3", FIRST)))
        tasks.start_soon(asking.fetch, Request(url=origin.url("/slow/0.3", ELSEWHERE)))
    assert origin.most_at_once == 2


async def test_the_slowest_host_sets_the_pace_of_all() -> None:
    def slower(host: str) -> Manners:
        return Manners(width=1, interval_seconds=0.2 if host == SECOND else 0.0, lane="owner")

    async with serve("0.0.0.0") as origin, fetcher(manners_of=slower) as asking:
        for host in (FIRST, SECOND, FIRST):
            answer(await asking.fetch(Request(url=origin.url("/ok", host))))
    assert origin.arrivals[2].at - origin.arrivals[1].at >= 0.2


async def test_one_host_that_takes_no_connection_does_not_silence_the_others() -> None:
    with socket.socket() as nobody:
        nobody.bind((SECOND, 0))
        port = nobody.getsockname()[1]
        quick = Manners(width=1, interval_seconds=0.0, lane="owner")
        async with serve(FIRST) as origin, fetcher(manners_of=lambda _: quick) as asking:
            dead = f"http://{SECOND}:{port}/"
            kinds = [failure(await asking.fetch(Request(url=dead))).kind for _ in range(6)]
            assert kinds == [FailureKind.CONNECT] * 5 + [FailureKind.HOST_DEFERRED]
            assert answer(await asking.fetch(Request(url=origin.url("/ok", FIRST)))).status == 200


async def test_a_host_that_wants_to_be_left_alone_speaks_for_its_owner() -> None:
    async with serve("0.0.0.0") as origin, fetcher(manners_of=manners_of) as asking:
        origin.script("/busy", Answer(429, {"Retry-After": "7200"}))
        assert answer(await asking.fetch(Request(url=origin.url("/busy", FIRST)))).status == 429
        held = failure(await asking.fetch(Request(url=origin.url("/ok", SECOND))))
    assert held.kind is FailureKind.HOST_DEFERRED
