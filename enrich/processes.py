"""The same work on many batches, shared among processes, with the results in order.

Not the standard library's pool: that one needs threads beside the processes, keeps this process idle, and queues
without a bound. Here this process works too, since another interpreter would cost as much memory again, and each
helper has a few batches ahead and no more, so that memory stays flat however many there are.

An interrupt reaches every process of the terminal; helpers leave it to this one, which ends them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    # What works alone, on a few notes, loads none of this.
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

Batch = TypeVar("Batch")
Result = TypeVar("Result")

# One that is worked on, and enough to go on with until this process looks again.
BATCHES_AHEAD = 3
# Results that wait for an earlier one.
MOST_RESULTS = 16


@dataclass(slots=True)
class _Helper(Generic[Batch]):
    process: BaseProcess
    line: Connection
    waiting: int = 0


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    batches: Iterable[Batch], work: Callable[[Batch], Result], processes: int
) -> Generator[Result, None, None]:
    """``work`` of every batch, in the order of the batches; this process is one of the ``processes``.

    An error in a helper is raised here as RuntimeError with its traceback. ``work``, batches and results
    must be things that can be pickled. Batches are taken when their turn comes, so that making them is shared, too.
    """
    coming = iter(batches)
    first = list(islice(coming, processes))
    if len(first) < 2:
        yield from map(work, chain(first, coming))
        return
    with _helpers(work, len(first) - 1) as helpers:
        yield from _collected(enumerate(chain(first, coming)), work, helpers)


def _collected(
    numbered: Iterator[tuple[int, Batch]], work: Callable[[Batch], Result], helpers: list[_Helper[Batch]]
) -> Generator[Result, None, None]:
    results: dict[int, Result] = {}
    shown = 0
    while True:
        for helper in helpers:
            for batch in islice(numbered, BATCHES_AHEAD - helper.waiting):
                helper.line.send(batch)
                helper.waiting += 1
        mine = next(numbered, None)
        if mine is not None:
            results[mine[0]] = work(mine[1])
        elif not any(helper.waiting for helper in helpers):
            return
        is_idle = mine is None or len(results) > MOST_RESULTS
        _receive(helpers, results, is_idle=is_idle and shown not in results)
        while shown in results:
            yield results.pop(shown)
            shown += 1


def _receive(helpers: list[_Helper[Batch]], results: dict[int, Result], *, is_idle: bool) -> None:
    """Take what the helpers have done; when there is nothing else to do, wait until one has."""
    from multiprocessing.connection import wait

    by_line = {helper.line: helper for helper in helpers if helper.waiting}
    while by_line and (ready := wait(list(by_line), None if is_idle else 0)):
        is_idle = False
        for line in ready:
            helper = by_line[line]  # type: ignore[index]
            number, result, failure = helper.line.recv()
            if failure is not None:
                raise RuntimeError(f"a helper failed:\n{failure}")
            results[number] = result
            helper.waiting -= 1
            if not helper.waiting:
                del by_line[helper.line]


# --- helpers ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _helpers(work: Callable[[Batch], Any], count: int) -> Iterator[list[_Helper[Batch]]]:
    import multiprocessing

    # A fork has everything loaded and shares its memory. Elsewhere it is not safe, or not there.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    helpers: list[_Helper[Batch]] = []
    try:
        with _interrupts_blocked():
            helpers.extend(_started(context, work) for _ in range(count))
        yield helpers
    finally:
        for helper in helpers:
            helper.process.terminate()
        for helper in helpers:
            helper.process.join()
            helper.line.close()


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block interrupts while helpers start, so that none meets a helper which does not ignore them yet."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _started(context: BaseContext, work: Callable[[Batch], Any]) -> _Helper[Batch]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_help, args=(theirs, ours, work), daemon=True)  # type: ignore[attr-defined]
    process.start()
    theirs.close()
    return _Helper(process, ours)


def _help(line: Connection, other_end: Connection, work: Callable[[Any], Any]) -> None:
    """Work on what comes until nobody wants it any more."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # As long as this process holds the other end too, it would not learn that its parent is gone.
    other_end.close()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            number, batch = line.recv()
            line.send(_answer(number, batch, work))


def _answer(
    number: int, batch: Batch, work: Callable[[Batch], Result]
) -> tuple[int, Result | None, str | None]:
    try:
        return number, work(batch), None
    except Exception:
        import traceback

        return number, None, traceback.format_exc()
