"""Turns that are too old when they can be used, and a worker that may not ask, or not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import anyio
import pytest
import trio.testing
from fetching import answer, fetcher, settings
from origin import serve

from enrich.errors import ElsewhereError, LeaseLostError
from enrich.fetch.client import Fetcher
from enrich.fetch.pace import Pace
from enrich.fetch.politeness import Lane
from enrich.fetch.settings import Ground
from enrich.model import Manners, Purpose, Request

pytestmark = pytest.mark.anyio

GAP = 0.1
FOUR_AT_A_TIME = Manners(width=4, interval_seconds=GAP)


@pytest.mark.parametrize(
    ("manners", "age", "grace", "void"),
    [
        (Manners(width=1, interval_seconds=2.0), 2.0, 0.0, False),
        (Manners(width=1, interval_seconds=2.0), 2.1, 0.0, True),
        (Manners(width=1, interval_seconds=2.0, jitter_seconds=1.0), 2.9, 0.0, False),
        (Manners(width=1, interval_seconds=2.0), 6.9, 5.0, False),
        (Manners(width=1, interval_seconds=2.0), 7.1, 5.0, True),
        (Manners(width=4, interval_seconds=0.0), 999.0, 0.0, False),
    ],
)
def test_a_turn_is_void_when_it_is_older_than_a_gap(
    manners: Manners, age: float, grace: float, void: bool
) -> None:
    assert Pace(manners).is_void(100.0, 100.0 + age, grace) is void


async def latest_round(until: Callable[[], bool]) -> float:
    """By how much the loop came round late at most, meanwhile: a server that stands still sees later who came."""
    late, last = 0.0, time.monotonic()
    while not until():
        await anyio.sleep(0.005)
        late, last = max(late, time.monotonic() - last - 0.005), time.monotonic()
    return late


async def test_a_process_that_slept_while_it_connected_keeps_the_gap() -> None:
    """As on a laptop that was closed: without a second look all that were connecting would be sent at once."""

    async def slowly(host: str, _port: int) -> Sequence[str]:
        await anyio.sleep(8 * GAP)
        return ["127.0.0.1"]

    async with (
        serve() as origin,
        Fetcher(settings(manners_of=lambda _host: FOUR_AT_A_TIME), resolve=slowly) as asking,
    ):
        async with anyio.create_task_group() as tasks:
            for number in range(4):
                tasks.start_soon(asking.fetch, Request(url=origin.url(f"/ok?{number}", "slow.example")))
            await anyio.sleep(5 * GAP)
            time.sleep(10 * GAP)  # noqa: ASYNC251 - that is the nap
            late = await latest_round(until=lambda: len(origin.arrivals) == 4)
        moments = [arrival.at for arrival in origin.arrivals]
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.8 * GAP - late


def test_a_question_that_connected_for_most_of_its_turn_keeps_the_next_one_off() -> None:
    """The next finds a connection that is open, and would be sent at once."""
    now = 0.0
    lane = Lane(FOUR_AT_A_TIME, anyio.CapacityLimiter(4), random=lambda: 0.0, clock=lambda: now)
    let_go = []
    for booked_at, now in [(0.0, 0.0), (GAP, 1.9 * GAP), (2 * GAP, 2 * GAP), (2.9 * GAP, 2.9 * GAP)]:  # noqa: B007
        let_go.append(lane.lets_go(booked_at))
    assert let_go == [True, True, False, True]


async def test_a_connection_that_always_takes_longer_than_a_gap_is_used_all_the_same() -> None:
    async def slowly(host: str, _port: int) -> Sequence[str]:
        await anyio.sleep(3 * GAP)
        return ["127.0.0.1"]

    async with (
        serve() as origin,
        Fetcher(settings(manners_of=lambda _host: FOUR_AT_A_TIME), resolve=slowly) as asking,
    ):
        assert answer(await asking.fetch(Request(url=origin.url("/ok", "slow.example")))).status == 200
        assert asking.requests == len(origin.arrivals) == 1


async def test_a_worker_that_may_not_ask_any_more_sends_nothing() -> None:
    def check() -> bool:
        raise LeaseLostError("it is somebody else's")

    async with serve() as origin, fetcher(ground=Ground(check=check)) as asking:
        with pytest.raises(LeaseLostError):
            await asking.fetch(Request(url=origin.url("/ok")))
        assert origin.arrivals == []


async def test_a_worker_asks_on_once_it_is_known_again_that_it_may() -> None:
    looks: list[int] = []

    def check() -> bool:
        looks.append(len(origin.arrivals))
        return len(looks) > 5

    ground = Ground(check=check, look_again_seconds=0.01)
    async with serve() as origin, fetcher(ground=ground) as asking:
        assert answer(await asking.fetch(Request(url=origin.url("/ok")))).status == 200
    assert looks[:6] == [0] * 6
    assert asking.requests == len(origin.arrivals) == 1


async def test_a_turn_that_came_when_nobody_may_ask_is_waited_for_again() -> None:
    answers = iter([True, False, False])
    ground = Ground(check=lambda: next(answers, True), look_again_seconds=0.01)
    async with serve() as origin, fetcher(ground=ground) as asking:
        assert answer(await asking.fetch(Request(url=origin.url("/ok")))).status == 200
        assert asking.requests == len(origin.arrivals) == 1


async def test_a_redirect_to_another_workers_host_is_not_followed() -> None:
    ground = Ground(is_ours=lambda host: host == "127.0.0.1")
    async with serve("0.0.0.0") as origin, fetcher(ground=ground) as asking:
        url = origin.url(f"/to/302?{origin.url('/ok', '127.0.0.9')}")
        with pytest.raises(ElsewhereError):
            await asking.fetch(Request(url=url))
        assert [arrival.headers["host"].partition(":")[0] for arrival in origin.arrivals] == ["127.0.0.1"]
        assert answer(await asking.fetch(Request(url=url, purpose=Purpose.API))).status == 200


async def test_a_witness_that_redirects_to_another_workers_host_is_up() -> None:
    ground = Ground(is_ours=lambda host: host == "127.0.0.1")
    async with serve("0.0.0.0") as origin, fetcher(ground=ground) as asking:
        assert await asking.is_up([origin.url(f"/to/302?{origin.url('/ok', '127.0.0.9')}")])


@pytest.fixture
def clock() -> dict[str, Any]:
    return {"clock": trio.testing.MockClock(autojump_threshold=0)}


def test_who_takes_a_host_over_waits_for_a_gap_before_the_first_question(clock: dict[str, Any]) -> None:
    async def first_turn() -> float:
        lane = Lane(FOUR_AT_A_TIME, anyio.CapacityLimiter(1), random=lambda: 0.5, is_taken_over=True)
        began = anyio.current_time()
        async with lane.turn():
            return anyio.current_time() - began

    assert anyio.run(first_turn, backend="trio", backend_options=clock) == pytest.approx(GAP)
