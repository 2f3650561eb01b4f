"""An event loop that advances its clock where others wait, so that a night of waiting takes seconds.

It is asyncio's own loop with another selector: when nothing is ready, the time of the next timer has come. What
surprised us: a thread at work looks like a loop with nothing to do, and the clock would run away from it. So while
threads work, the clock stands; for one that itself waits for the loop, as that which reads arXiv's answers does, there is
`Clock.answering_thread`.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio
import anyio.to_thread

T = TypeVar("T")

# How long a thread is really waited for until it is looked at again.
_LOOK_SECONDS = 0.01
# After months a float is too coarse for asyncio's nanosecond: a timer would never have come.
_RESOLUTION_SECONDS = 1e-6


class Clock:
    """The time of a loop, in seconds from its start. ``spend`` is work that keeps the loop from everything else."""

    def __init__(self) -> None:
        self.now = 0.0
        self._threads: anyio.CapacityLimiter | None = None
        self._answering = 0

    def spend(self, seconds: float) -> None:
        self.now += seconds

    def mind_threads(self, threads: anyio.CapacityLimiter) -> None:
        """Stand still while threads of this limiter work."""
        self._threads = threads

    @contextmanager
    def answering_thread(self) -> Iterator[None]:
        """While it lasts, one of the threads waits for the loop."""
        self._answering += 1
        try:
            yield
        finally:
            self._answering -= 1

    @property
    def stands(self) -> bool:
        return self._threads is not None and self._threads.borrowed_tokens > self._answering


class _Selector(selectors.DefaultSelector):
    """Never waits: time passes instead."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._clock.stands:
            return super().select(_LOOK_SECONDS)
        if timeout is None:
            raise RuntimeError("everybody waits for something that no time brings")
        self._clock.now += timeout
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: Clock) -> None:
        self._virtual = clock
        super().__init__(_Selector(clock))
        self._clock_resolution = _RESOLUTION_SECONDS

    def time(self) -> float:
        return self._virtual.now


def run(main: Callable[[Clock], Awaitable[T]]) -> T:
    """Run an asynchronous function, given its clock, in a loop of its own."""
    clock = Clock()

    async def begin() -> T:
        clock.mind_threads(anyio.to_thread.current_default_thread_limiter())
        return await main(clock)

    return anyio.run(begin, backend_options={"loop_factory": lambda: _Loop(clock)})
