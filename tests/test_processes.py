"""Work shared among processes: in order, bounded, and nobody left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from enrich.processes import BATCHES_AHEAD, MOST_RESULTS, in_order

OURS = os.getpid()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """For what would else wait for ever."""

    def too_late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not done within {seconds} seconds")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def doubled(number: int) -> int:
    return number * 2


def who(_number: int) -> int:
    time.sleep(0.01)
    return os.getpid()


def unlucky(number: int) -> int:
    if number == 2:
        raise ValueError("not this one")
    return number


def unlucky_elsewhere(number: int) -> int:
    if os.getpid() != OURS:
        raise ValueError(f"not in process {os.getpid()}")
    return number


def made_great(data: bytes) -> bytes:
    return data * 2


def slow_at_first(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0)
    return number


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_results_come_in_the_order_of_the_batches(processes: int) -> None:
    assert list(in_order(range(100), doubled, processes)) == [number * 2 for number in range(100)]


def test_this_process_works_as_well_as_its_worker() -> None:
    workers = set(in_order(range(20), who, 2))
    assert len(workers) == 2
    assert os.getpid() in workers


def test_a_first_batch_that_takes_long_is_waited_for() -> None:
    assert list(in_order(range(50), slow_at_first, 2)) == list(range(50))


def test_an_error_anywhere_is_one_here_with_its_reason() -> None:
    with pytest.raises((RuntimeError, ValueError), match="not this one"):
        list(in_order(range(20), unlucky, 3))


def test_no_worker_is_left_when_one_has_failed() -> None:
    with pytest.raises(RuntimeError, match=r"not in process \d+") as failure:
        list(in_order(range(20), unlucky_elsewhere, 3))
    worker = int(str(failure.value).rsplit("not in process ", 1)[1])
    assert worker != OURS
    assert not is_alive(worker)


def test_no_worker_is_left_when_somebody_has_seen_enough() -> None:
    results = in_order(range(1000), who, 3)
    workers = {next(results) for _ in range(20)} - {OURS}
    assert len(workers) == 2
    assert all(map(is_alive, workers))
    results.close()
    assert not any(map(is_alive, workers))


def test_great_batches_and_great_results_do_not_wait_for_each_other() -> None:
    batches = [bytes([number]) * (1 << 20) for number in range(20)]
    with within(60):
        assert list(in_order(batches, made_great, 2)) == [batch * 2 for batch in batches]


def test_batches_are_made_when_their_turn_comes() -> None:
    made: list[int] = []
    results = in_order((made.append(number) or number for number in range(1000)), doubled, 2)
    assert next(results) == 0
    assert len(made) <= MOST_RESULTS + 2 * (BATCHES_AHEAD + 1)
    assert list(results) == [number * 2 for number in range(1, 1000)]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_few_batches_need_no_care(number: int) -> None:
    assert list(in_order(iter(range(number)), doubled, 3)) == [2 * batch for batch in range(number)]


def test_what_waits_for_a_slow_batch_is_bounded() -> None:
    done: list[int] = []

    def counted(number: int) -> int:
        done.append(number)
        return slow_at_first(number)

    # The worker has the first batch, which is slow; this process does not run away meanwhile.
    results = in_order(range(1000), counted, 2)
    assert next(results) == 0
    assert len(done) <= MOST_RESULTS + BATCHES_AHEAD + 1
    results.close()
