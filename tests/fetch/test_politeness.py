"""Turns at a host, in virtual time: hours of waiting in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import anyio
import pytest
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from enrich.fetch.pace import (
    DOWN_AFTER_FAILURES,
    DOWN_SECONDS,
    MOST_EXTRA_SECONDS,
    Fault,
    Health,
    Pace,
)
from enrich.fetch.politeness import DEFERRED_AFTER_REFUSALS, Lane
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


async def most_at_once(where: Lane, visitors: int) -> int:
    """How many were in a lane at the same time, of so many who stay for ten seconds each."""
    most = 0

    async def visitor() -> None:
        nonlocal most
        async with where.turn():
            most = max(most, where.state().in_flight)
            await anyio.sleep(10)

    async with anyio.create_task_group() as tasks:
        for _ in range(visitors):
            tasks.start_soon(visitor)
    return most


async def test_no_more_than_the_width_at_a_time() -> None:
    assert await most_at_once(lane(3, 0.0), visitors=20) == 3


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
    where.failed()
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


# --- slower and faster ------------------------------------------------------------------------------

FOUR = Pace(Manners(width=4, interval_seconds=0.1))


def after(pace: Pace, *events: str) -> Pace:
    """The pace after these, long after one another. All but the slow ones are answered at once."""
    for second, event in enumerate(events, 1):
        now = 100.0 * second
        match event:
            case "refused":
                pace = pace.overloaded(now, now - 0.05)
            case "missing":
                pace = pace.failed()
            case _:
                pace = pace.answered(now, now - (20 if event == "slow" else 0.05))
    return pace


@pytest.mark.parametrize(
    ("events", "width", "extra"),
    [
        ([], 4, 0.0),
        (["good"] * 20, 4, 0.0),
        (["missing"] * 20, 4, 0.0),
        (["refused"], 2, 0.25),
        (["refused"] * 2, 1, 0.5),
        (["refused"] * 3, 1, 1.0),
        (["refused"] * 9, 1, MOST_EXTRA_SECONDS),
        (["refused", "missing"], 2, 0.25),
        (["refused", "good"], 2, 0.175),
        (["refused"] + ["good"] * 4, 3, 0.25 * 0.7**4),
        (["refused"] + ["good"] * 12, 4, 0.0),
        (["refused"] + ["good", "good", "good", "missing"] * 2, 2, 0.25 * 0.7**6),
        (["slow"], 4, 0.0),
        (["good", "slow"], 2, 0.25),
        (["good", *["slow"] * 3], 1, 1.0),
        (["good", *["slow"] * 9], 1, MOST_EXTRA_SECONDS),
    ],
)
def test_a_host_in_trouble_is_asked_more_slowly_and_gets_its_pace_back(
    events: list[str], width: int, extra: float
) -> None:
    pace = after(FOUR, *events)
    assert (pace.width, round(pace.extra_seconds, 9)) == (width, pytest.approx(extra))


def test_four_refusals_of_what_was_asked_together_slow_a_host_down_once() -> None:
    pace = FOUR
    for number in range(4):
        pace = pace.overloaded(100.0 + number / 100, 99.0)
    assert (pace.width, pace.extra_seconds) == (2, 0.25)


def test_a_pause_that_was_booked_grows_with_a_refusal() -> None:
    _, pace = FOUR.book(100.0)
    assert pace.overloaded(100.05, 100.0).ready_at == pytest.approx(100.35)


def test_a_long_interval_of_the_host_is_doubled() -> None:
    pace = Pace(Manners(width=1, interval_seconds=3.0)).overloaded(10.0, 9.0)
    assert pace.gap_seconds() == 6.0


def test_a_host_that_was_always_slow_is_asked_as_agreed() -> None:
    pace = after(FOUR, *["slow"] * 20)
    assert (pace.width, pace.gap_seconds()) == (4, 0.1)


def test_a_delay_that_robots_asks_for_never_shortens_an_interval() -> None:
    assert FOUR.at_least(2.0).gap_seconds() == 2.0
    assert Pace(Manners(interval_seconds=8.0)).at_least(2.0).gap_seconds() == 8.0


MANNERS = st.builds(
    Manners,
    width=st.integers(1, 16),
    interval_seconds=st.floats(0, 30),
    jitter_seconds=st.floats(0, 5),
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["book", "completed", "overloaded", "answered", "failed", "held", "at_least"]),
        st.floats(0, 60),
        st.floats(0, 60),
        st.floats(0, 1),
    ),
    max_size=60,
)


def step(pace: Pace, event: str, now: float, number: float, dice: float) -> Pace:
    match event:
        case "book":
            return pace.book(now, dice)[1]
        case "completed":
            return pace.completed(now, dice)
        case "overloaded":
            return pace.overloaded(now, now - number)
        case "answered":
            return pace.answered(now, now - number)
        case "held":
            return pace.held(now + number)
        case "at_least":
            return pace.at_least(number)
        case _:
            return pace.failed()


@given(MANNERS, EVENTS)
def test_whatever_happens_no_host_is_asked_faster_than_agreed(
    manners: Manners, events: list[tuple[str, float, float, float]]
) -> None:
    pace, now, started, width_before = Pace(manners), 1000.0, float("-inf"), 0
    for event, later, number, dice in events:
        now += later
        before, pace = pace, step(pace, event, now, number, dice)
        assert 1 <= pace.width <= manners.width
        assert pace.gap_seconds() >= manners.interval_seconds
        assert pace.ready_at >= before.ready_at, "a moment that was set stands"
        if event in ("overloaded", "failed", "held", "at_least"):
            assert pace.gap_seconds() >= before.gap_seconds(), "never faster on an error"
            assert pace.width <= before.width
        if event == "book":
            start = max(now, before.ready_at)
            if width_before > 1:
                assert start >= started + manners.interval_seconds - 1e-9
            started, width_before = start, before.width if manners.width > 1 else 1


@given(MANNERS, st.lists(st.floats(0, 60), max_size=40))
def test_good_answers_always_bring_the_agreed_pace_back(manners: Manners, refusals: list[float]) -> None:
    pace, now = Pace(manners).answered(0.0, -0.1), 1.0
    for later in refusals:
        now += later
        pace = pace.overloaded(now, now)
    for _ in range(100):
        now += 1
        pace = pace.answered(now, now - 0.1)
    assert (pace.width, pace.gap_seconds()) == (manners.width, manners.interval_seconds)


def slowness(where: Lane) -> tuple[int, bool]:
    state = where.state()
    return state.width, state.slowed


async def test_a_link_that_is_silent_while_its_host_answers_slows_nobody_down() -> None:
    where = lane(4, 0.0)
    began = anyio.current_time()
    await anyio.sleep(1)
    where.answered(anyio.current_time() - 0.2)
    await anyio.sleep(19)
    where.unanswered("/silent", began)
    assert slowness(where) == (4, False)
    again = anyio.current_time()
    await anyio.sleep(20)
    where.unanswered("/silent", again)
    assert slowness(where) == (4, False), "that it is silent is no news"
    where.unanswered("/other", again)
    assert slowness(where) == (2, True), "nothing was answered since this one was asked"


@pytest.mark.parametrize(("asked_at", "took"), [(-1.0, 0.2), (1.0, 3.0)], ids=["before", "slowly"])
async def test_a_host_that_answered_before_or_slowly_may_be_overloaded(
    asked_at: float, took: float
) -> None:
    where = lane(4, 0.0)
    began = anyio.current_time()
    await anyio.sleep(max(0.0, asked_at + took))
    where.answered(began + asked_at)
    await anyio.sleep(20)
    where.unanswered("/silent", began)
    assert slowness(where) == (2, True)


async def test_a_narrowed_lane_lets_fewer_in() -> None:
    where = lane(4, 0.0)
    where.refused(anyio.current_time())
    where.hold(1.0, 900.0)
    assert await most_at_once(where, visitors=6) == 2


async def test_a_host_that_only_refuses_has_its_turn_in_a_later_run() -> None:
    where = lane(1, 0.0)
    asked = 0
    refusal = None
    while refusal is None:
        async with where.turn() as refusal:
            asked += refusal is None
            where.refused(anyio.current_time())
    assert (asked, refusal) == (DEFERRED_AFTER_REFUSALS, "it refused 30 times in a row")


# --- ports that take no connection ------------------------------------------------------------------


def failed(times: int, health: Health | None = None, at: float = 0.0) -> Health:
    health = health or Health()
    for number in range(times):
        health = health.failed(at + number, FAULT)
    return health


@pytest.mark.parametrize(
    ("health", "now", "is_down"),
    [
        (Health(), 0.0, False),
        (failed(4), 4.0, False),
        (failed(5), 4.0, True),
        (failed(5), 4.0 + DOWN_SECONDS - 1, True),
        (failed(5), 4.0 + DOWN_SECONDS, False),
        (failed(1, failed(5), at=10.0), 4.0 + DOWN_SECONDS, False),
        (failed(1, failed(5), at=70.0), 1e9, True),
        (failed(4, Health(proven=True)), 4.0, False),
    ],
)
def test_a_port_is_down_for_a_minute_then_tried_once_then_down_for_good(
    health: Health, now: float, is_down: bool
) -> None:
    assert (health.reason_to_skip(now) is not None) is is_down


def test_who_is_not_asked_is_told_why() -> None:
    assert failed(5).reason_to_skip(5.0) == "it took no connection 5 times in a row (refused)"


@pytest.mark.parametrize(
    ("health", "places"),
    [
        (Health(), 5),
        (failed(1), 4),
        (failed(4), 1),
        (failed(5), 1),
        (failed(9), 1),
        (Health(proven=True), 16),
        (failed(1, Health(proven=True)), 4),
    ],
)
def test_no_more_are_under_way_than_may_fail(health: Health, places: int) -> None:
    assert health.places(16) == places
    assert health.places(1) == 1


@given(st.integers(1, 20), st.lists(st.booleans(), max_size=60))
def test_a_black_hole_is_never_asked_more_than_six_times(width: int, waits: list[bool]) -> None:
    health, now, asked = Health(), 0.0, 0
    for wait in waits:
        now += DOWN_SECONDS if wait else 0.0
        if health.reason_to_skip(now) is None:
            together = health.places(width)
            asked += together
            for _ in range(together):
                health = health.failed(now, FAULT)
    assert asked <= DOWN_AFTER_FAILURES + 1


async def test_a_port_that_takes_no_connection_says_nothing_about_another() -> None:
    where = lane()
    for _ in range(5):
        where.unconnected(443, FAULT)
    assert where.refusal(443)
    assert where.refusal(80) is None
    where.connected(443)
    assert where.refusal(443) is None


async def test_what_was_our_own_fault_is_forgiven() -> None:
    where = lane()
    for _ in range(5):
        where.unconnected(443, FAULT)
    where.forgive()
    assert where.refusal(443) is None


async def test_five_hundred_links_to_a_black_hole_cost_five_connects_and_few_seconds() -> None:
    limit = anyio.CapacityLimiter(256)
    where = lane(8, 0.1, limit=limit)
    connects = refused = 0
    began = anyio.current_time()

    async def link() -> None:
        nonlocal connects, refused
        async with where.turn(443) as refusal:
            if refusal is not None:
                refused += 1
                return
            connects += 1
            await anyio.sleep(5)
            where.unconnected(443, FAULT)

    async with anyio.create_task_group() as tasks:
        for _ in range(500):
            tasks.start_soon(link)
    assert (connects, refused) == (5, 495)
    assert anyio.current_time() - began < 6

    await anyio.sleep(DOWN_SECONDS)
    async with anyio.create_task_group() as tasks:
        for _ in range(500):
            tasks.start_soon(link)
    assert connects == 6, "one tries, and nobody else while it does"
    await anyio.sleep(10 * DOWN_SECONDS)
    await link()
    assert connects == 6


async def test_a_host_that_takes_no_connection_delays_nobody_else() -> None:
    limit = anyio.CapacityLimiter(2)
    hole, other = lane(4, 0.0, limit=limit), lane(4, 0.0, limit=limit)
    where_held: list[float] = []
    hole.hold(600.0, 900.0)
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask, hole, [], 0.0)
        tasks.start_soon(ask_times, other, 20, where_held, 1.0)
        await anyio.sleep(15)
        assert len(where_held) == 20
        assert max(where_held) - began < 11
        hole.defer("the test is over")


# --- a million hosts --------------------------------------------------------------------------------


def _in_use(where: Lane) -> None:
    where._waiting = 1  # type: ignore[attr-defined]


TRACES: dict[str, Callable[[Lane], object]] = {
    "who waits": _in_use,
    "a hold": lambda where: where.hold(5.0, 900.0),
    "a refusal": lambda where: where.refused(anyio.current_time()),
    "slowness": lambda where: where.overloaded(anyio.current_time()),
    "a dead port": lambda where: where.unconnected(443, FAULT),
    "a deferral": lambda where: where.defer("it said so"),
}


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
async def test_a_lane_that_knows_something_of_its_host_is_not_as_new(
    trace: Callable[[Lane], object],
) -> None:
    where = lane()
    assert where.is_as_new
    trace(where)
    assert not where.is_as_new


async def test_a_lane_is_as_new_when_its_pause_is_over() -> None:
    where = lane(2, 1.0)
    async with where.turn(443):
        where.connected(443)
        assert not where.is_as_new
    assert not where.is_as_new
    await anyio.sleep(1.0)
    assert where.is_as_new
