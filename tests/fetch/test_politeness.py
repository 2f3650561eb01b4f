"""Turns at a host, in virtual time: hours of waiting in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import anyio
import pytest
import trio.testing

from enrich.fetch.politeness import DOWN_AFTER_SECONDS, DOWN_SECONDS, Fault, Health, Lane, Pace
from enrich.model import FailureKind, Manners

pytestmark = pytest.mark.anyio

FAULT = Fault(FailureKind.CONNECT, "refused")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}


def lane(
    width: int = 1,
    interval: float = 1.0,
    jitter: float = 0.0,
    limit: anyio.CapacityLimiter | None = None,
    random: Callable[[], float] = lambda: 0.5,
) -> Lane:
    manners = Manners(width=width, interval_seconds=interval, jitter_seconds=jitter)
    return Lane(manners, limit or anyio.CapacityLimiter(256), random=random)


async def ask(where: Lane, starts: list[float], takes: float = 0.0) -> None:
    async with where.turn():
        starts.append(anyio.current_time())
        await anyio.sleep(takes)


async def ask_times(where: Lane, times: int, starts: list[float], takes: float = 0.0) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(ask, where, starts, takes)


def gaps(moments: list[float]) -> list[float]:
    return [round(later - earlier, 6) for earlier, later in pairwise(moments)]


def test_with_width_above_one_the_gap_counts_from_the_start() -> None:
    pace = Pace(Manners(width=4, interval_seconds=2.0))
    first, pace = pace.book(100.0)
    second, pace = pace.book(100.5)
    third, pace = pace.completed(101.0).book(110.0)
    assert (first, second, third) == (100.0, 102.0, 110.0)


def test_with_width_one_the_gap_counts_from_the_end() -> None:
    pace = Pace(Manners(width=1, interval_seconds=2.0))
    first, pace = pace.book(100.0)
    second, pace = pace.completed(105.0).book(105.0)
    assert (first, second) == (100.0, 107.0)


def test_jitter_is_added_to_the_gap() -> None:
    _, pace = Pace(Manners(width=2, interval_seconds=8.0, jitter_seconds=4.0)).book(0.0, jitter=0.25)
    assert pace.ready_at == 9.0


def test_a_host_is_never_held_shorter_than_before() -> None:
    assert Pace(Manners()).held(50.0).held(20.0).ready_at == 50.0


async def test_three_hundred_turns_of_a_slow_host_do_not_delay_the_others() -> None:
    limit = anyio.CapacityLimiter(8)
    slow: list[float] = []
    others: list[float] = []
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask_times, lane(1, 1.0, limit=limit), 300, slow)
        for _ in range(100):
            tasks.start_soon(ask_times, lane(4, 0.1, limit=limit), 3, others)
    assert max(others) - began < 1.0
    assert slow[-1] - began == pytest.approx(299.0)
    assert min(gaps(slow)) >= 1.0


async def test_first_come_first_served() -> None:
    served: list[int] = []
    where = lane(2, 0.5)

    async def visitor(number: int) -> None:
        await anyio.sleep(number / 1000)
        async with where.turn():
            served.append(number)
            await anyio.sleep(3)

    async with anyio.create_task_group() as tasks:
        for number in reversed(range(20)):
            tasks.start_soon(visitor, number)
    assert served == list(range(20))


async def test_no_more_than_the_width_at_a_time() -> None:
    where = lane(3, 0.0)
    most = 0

    async def visitor() -> None:
        nonlocal most
        async with where.turn():
            most = max(most, where.state().in_flight)
            await anyio.sleep(1)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(visitor)
    assert most == 3


async def test_starts_keep_their_distance_even_when_the_overall_limit_is_full() -> None:
    limit = anyio.CapacityLimiter(1)
    starts: list[float] = []

    async def hog() -> None:
        async with limit:
            await anyio.sleep(30)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hog)
        await anyio.sleep(1)
        tasks.start_soon(ask_times, lane(4, 2.0, limit=limit), 5, starts)
    assert gaps(starts) == [2.0, 2.0, 2.0, 2.0]


async def test_who_waits_for_a_host_keeps_nothing_from_the_others() -> None:
    limit = anyio.CapacityLimiter(1)
    held, free = lane(limit=limit), lane(limit=limit)
    held.hold(100.0, 900.0)
    late: list[float] = []
    soon: list[float] = []
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, held, late)
        tasks.start_soon(ask, free, soon)
    assert soon[0] - began < 1
    assert late[0] - began == pytest.approx(100.0)


async def test_a_hold_reaches_those_who_already_wait() -> None:
    where = lane(1, 5.0)
    starts: list[float] = []
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask_times, where, 2, starts)
        await anyio.sleep(1)
        assert where.hold(60.0, 900.0)
    assert [start - began for start in starts] == [0.0, pytest.approx(61.0)]


async def test_a_hold_reaches_who_already_waits_for_the_overall_limit() -> None:
    limit = anyio.CapacityLimiter(1)
    where = lane(limit=limit)
    starts: list[float] = []
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks, limit:
        tasks.start_soon(ask, where, starts)
        await anyio.sleep(5)
        assert where.hold(100.0, 900.0)
    assert starts[0] - began == pytest.approx(105.0)


async def test_a_host_that_asks_for_more_than_our_patience_is_to_be_deferred() -> None:
    where = lane()
    assert where.hold(900.0, 900.0)
    assert not lane().hold(900.1, 900.0)


async def test_requests_to_wait_add_up_until_something_else_is_answered() -> None:
    where = lane()
    for _ in range(3):
        assert where.hold(300.0, 900.0)
        await anyio.sleep(300)
    assert not where.hold(300.0, 900.0)
    where.answered()
    assert where.hold(300.0, 900.0)


async def test_links_that_are_told_to_wait_at_the_same_time_count_once() -> None:
    where = lane(4)
    assert all(where.hold(600.0, 900.0) for _ in range(4))


async def test_who_waits_for_a_deferred_host_goes_on_at_once() -> None:
    where = lane(1, 1000.0)
    starts: list[float] = []
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask_times, where, 5, starts)
        await anyio.sleep(1)
        where.defer("asked to wait until tomorrow")
    assert anyio.current_time() - began == pytest.approx(1.0)


async def test_who_gives_up_waiting_takes_no_turn_from_others() -> None:
    limit = anyio.CapacityLimiter(1)
    where = lane(2, 10.0, limit=limit)
    starts: list[float] = []
    await ask(where, starts)
    for _ in range(3):
        with anyio.move_on_after(3):
            await ask(where, starts)
    await ask(where, starts)
    assert gaps(starts) == [10.0]
    assert (where.state().waiting, where.state().in_flight, limit.borrowed_tokens) == (0, 0, 0)


async def test_progress_sees_who_waits_and_for_how_long() -> None:
    where = lane(1, 8.0)
    starts: list[float] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask_times, where, 3, starts, 2.0)
        await anyio.sleep(1)
        during = where.state()
        await anyio.sleep(2)
        between = where.state()
    assert (during.waiting, during.in_flight, during.average_seconds) == (2, 1, None)
    assert (between.waiting, between.in_flight, between.average_seconds) == (2, 0, 2.0)
    assert between.next_turn_seconds == pytest.approx(7.0)
    assert not where.is_busy


def test_a_host_is_down_after_five_failures_over_ten_seconds() -> None:
    health = Health()
    for second in range(4):
        health = health.failed(float(second), FAULT)
    assert health.failed(5.0, FAULT).reason_to_skip(5.0) is None, "it may be a restart"
    down = health.failed(DOWN_AFTER_SECONDS, FAULT)
    assert down.reason_to_skip(11.0) == Fault(FailureKind.CONNECT, "refused (5 times in a row)")


def test_a_host_that_is_down_is_tried_again_after_a_minute() -> None:
    health = Health()
    for second in range(0, 25, 5):
        health = health.failed(float(second), FAULT)
    assert health.reason_to_skip(20.0 + DOWN_SECONDS - 1)
    assert health.reason_to_skip(20.0 + DOWN_SECONDS) is None
    assert health.failed(90.0, FAULT).reason_to_skip(91.0), "one more failure is enough then"


async def test_a_port_that_takes_no_connection_says_nothing_about_another() -> None:
    where = lane()
    for _ in range(6):
        where.unconnected(443, FAULT)
        await anyio.sleep(5)
    assert where.reason_to_skip(443)
    assert where.reason_to_skip(80) is None
    where.connected(443)
    assert where.reason_to_skip(443) is None


async def test_a_host_that_was_down_in_our_outage_is_asked_again_at_once() -> None:
    made = lane()
    for _ in range(6):
        await anyio.sleep(5.0)
        made.unconnected(443, Fault(FailureKind.CONNECT, "no"))
    assert made.reason_to_skip(443) is not None
    made.forgive()
    assert made.reason_to_skip(443) is None
