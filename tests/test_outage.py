"""When failures of many hosts are taken for an outage of ours."""

from __future__ import annotations

from itertools import accumulate, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.outage import (
    LEAST_HOSTS,
    LONGEST_PAUSE_SECONDS,
    MOST_HOSTS,
    SHARE,
    SPAN_SECONDS,
    Seen,
    Window,
    pauses,
)

# What a host gave: whether it failed, and whether it was alive before (None: never asked).
FAILED, UNHEARD, DEAD, ANSWERED = (True, True), (True, None), (True, False), (False, True)


def window(*groups: tuple[int, tuple[bool, bool | None]], at: float = 0.0) -> Window:
    """So many hosts of each sort, all seen at one moment."""
    made, number = Window(), 0
    for count, (failed, expected) in groups:
        for _ in range(count):
            number += 1
            made = made.seen(f"host-{number}", Seen(at, failed, expected))
    return made


@pytest.mark.parametrize(
    ("groups", "outage"),
    [
        ([(20, FAILED)], True),
        ([(19, FAILED)], False),
        ([(16, FAILED), (4, ANSWERED)], True),
        ([(15, FAILED), (5, ANSWERED)], False),
        ([(20, UNHEARD)], True),
        ([(19, UNHEARD), (1, ANSWERED)], False),
        ([(10, FAILED), (10, UNHEARD)], True),
        ([(10, FAILED), (9, UNHEARD), (1, ANSWERED)], False),
        ([(500, DEAD)], False),
        ([(500, DEAD), (19, FAILED)], False),
        ([(500, DEAD), (20, FAILED)], True),
        ([(20, FAILED), (6, ANSWERED)], False),
        ([(5000, ANSWERED), (79, FAILED)], False),
        ([(5000, ANSWERED), (80, FAILED)], True),
        ([], False),
    ],
)
def test_an_outage_is_when_most_of_twenty_hosts_fail_that_were_alive(
    groups: list[tuple[int, tuple[bool, bool | None]]], outage: bool
) -> None:
    assert window(*groups).is_outage(0.0) is outage


@pytest.mark.parametrize(
    ("groups", "bad"),
    [
        ([(3, FAILED)], True),
        ([(2, FAILED)], False),
        ([(2, FAILED), (1, UNHEARD)], True),
        ([(9, FAILED), (1, ANSWERED)], False),
        ([(9, DEAD)], False),
    ],
)
def test_a_start_is_bad_when_the_first_three_hosts_fail(
    groups: list[tuple[int, tuple[bool, bool | None]]], bad: bool
) -> None:
    assert window(*groups).is_bad_start(0.0) is bad


def test_many_links_of_one_host_are_one_witness() -> None:
    made = Window()
    for moment in range(50):
        made = made.seen("a.example", Seen(float(moment), True, True))
    assert not made.is_outage(50.0)
    assert len(made.hosts) == 1


def test_a_minute_later_it_is_forgotten() -> None:
    made = window((30, FAILED))
    assert made.is_outage(SPAN_SECONDS - 1)
    assert not made.is_outage(SPAN_SECONDS)
    assert list(made.seen("late.example", Seen(SPAN_SECONDS, False, True)).hosts) == ["late.example"]


SEEN = st.builds(Seen, st.floats(0, 120), st.booleans(), st.sampled_from([True, False, None]))
HISTORY = st.lists(st.tuples(st.integers(0, 60).map("host-{}".format), SEEN), max_size=150)


def told(history: list[tuple[str, Seen]]) -> Window:
    made = Window()
    for host, seen in sorted(history, key=lambda pair: pair[1].at):
        made = made.seen(host, seen)
    return made


@given(HISTORY, st.floats(120, 180))
def test_an_outage_never_rests_on_few_hosts_nor_on_dead_ones(
    history: list[tuple[str, Seen]], now: float
) -> None:
    made = told(history)
    if not made.is_outage(now):
        return
    recent = [one for one in made.hosts.values() if now - one.at < SPAN_SECONDS]
    failed = [one for one in recent if one.failed and one.expected is not False]
    answered = [one for one in recent if not one.failed]
    assert len(failed) + len(answered) >= LEAST_HOSTS
    assert len(failed) >= SHARE * (len(failed) + len(answered))


@given(HISTORY, st.floats(120, 180))
def test_one_more_answer_never_makes_an_outage(history: list[tuple[str, Seen]], now: float) -> None:
    made = told(history)
    if not made.is_outage(now) and len(made.telling(now)) >= LEAST_HOSTS:
        assert not made.seen("new.example", Seen(now, False, True)).is_outage(now)


@given(HISTORY)
def test_a_window_keeps_one_result_a_host_and_none_that_is_too_old(history: list[tuple[str, Seen]]) -> None:
    made = told(history)
    latest = max((seen.at for _, seen in history), default=0.0)
    assert len(made.hosts) <= MOST_HOSTS
    assert set(made.hosts) <= {host for host, _ in history}
    assert all(one.at > latest - SPAN_SECONDS for one in made.hosts.values())


def test_the_network_is_asked_for_at_once_and_then_ever_more_seldom() -> None:
    first = list(islice(pauses(), 40))
    assert first[:6] == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0]
    assert max(first) == LONGEST_PAUSE_SECONDS
    assert all(a <= b for a, b in pairwise(first))
    assert sum(moment <= 300 for moment in accumulate(first)) == 14
