"""Waiting one's turn at a host.

``Pace`` and ``Health`` are arithmetic: when may the next question go, and is it of any use? ``Lane`` is the
queue in front of one host, and the only thing here that waits; it does so with anyio alone, so that a
virtual clock can drive it. The limit over all hosts is taken after the host's turn: a lane that waits for
its host keeps nothing from the others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import anyio

from enrich.model import FailureKind, Manners

# A host that takes no connection this often in a row, over at least this time (so that a restart does not
# count), is left alone for a minute. A black hole with 500 links would cost 500 connect timeouts otherwise.
DOWN_AFTER_FAILURES = 5
DOWN_AFTER_SECONDS = 10.0
DOWN_SECONDS = 60.0

# The weight of the newest request in the average that progress shows.
_NEWEST = 0.25


@dataclass(frozen=True, slots=True)
class Pace:
    """When the next request may start. Moments are seconds of a monotonic clock."""

    manners: Manners
    ready_at: float = 0.0

    def book(self, now: float, jitter: float = 0.0) -> tuple[float, Pace]:
        """Take the next turn: when it starts, and the pace after it.

        ``jitter`` (0 to 1) says how much of ``jitter_seconds`` is added to the gap. With width 1 the gap
        counts from the end of the request, so `completed` adds it.
        """
        start = max(now, self.ready_at)
        gap = 0.0 if self.manners.width == 1 else self._gap(jitter)
        return start, replace(self, ready_at=start + gap)

    def completed(self, now: float, jitter: float = 0.0) -> Pace:
        """The pace after a request ended."""
        return self.held(now + self._gap(jitter)) if self.manners.width == 1 else self

    def held(self, until: float) -> Pace:
        """Nothing starts before ``until``; a later moment that was set before stands."""
        return replace(self, ready_at=max(self.ready_at, until))

    def _gap(self, jitter: float) -> float:
        return self.manners.interval_seconds + jitter * self.manners.jitter_seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """Why no connection came about."""

    kind: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Health:
    """A streak of connections that did not come about. Moments are those of `Pace`."""

    failures: int = 0
    since: float = 0.0
    down_until: float = float("-inf")
    fault: Fault | None = None

    def failed(self, now: float, fault: Fault) -> Health:
        """The streak after one more; a host that failed often and long enough is down for a minute."""
        since = self.since if self.failures else now
        down = self.failures + 1 >= DOWN_AFTER_FAILURES and now - since >= DOWN_AFTER_SECONDS
        until = now + DOWN_SECONDS if down else self.down_until
        return Health(self.failures + 1, since, until, fault)

    def reason_to_skip(self, now: float) -> Fault | None:
        """What the next request would meet with, while the host is taken to be down."""
        if self.fault is None or now >= self.down_until:
            return None
        return replace(self.fault, detail=f"{self.fault.detail} ({self.failures} times in a row)")


@dataclass(frozen=True, slots=True)
class LaneState:
    """What progress shows of a host."""

    waiting: int
    in_flight: int
    next_turn_seconds: float
    average_seconds: float | None
    deferred: bool


class Limit(Protocol):
    """What bounds the requests in flight over all hosts; anyio's CapacityLimiter is one."""

    async def acquire_on_behalf_of(self, borrower: object) -> None: ...
    def release_on_behalf_of(self, borrower: object) -> None: ...


class Lane:
    """The queue in front of one host: first come, first served."""

    def __init__(
        self,
        manners: Manners,
        limit: Limit,
        *,
        random: Callable[[], float],
        clock: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._pace = Pace(manners)
        self._health: dict[int, Health] = {}
        self._limit = limit
        self._random = random
        self._clock = clock
        self._slots = anyio.Semaphore(manners.width)
        self._front = anyio.Lock()
        self._deferral = anyio.Event()
        self._waiting = 0
        self._in_flight = 0
        self._average: float | None = None
        self._asked_to_wait_seconds = 0.0
        self.refusals = 0
        self.deferred: str | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Once `deferred` is set, nobody waits, and nothing should be asked."""
        borrower = object()
        await self._queue(borrower)
        started = self._clock()
        try:
            yield
        finally:
            self._leave(borrower, started)

    async def _queue(self, borrower: object) -> None:
        self._waiting += 1
        try:
            await self._slots.acquire()
            try:
                async with self._front:
                    await self._come_up(borrower)
            except BaseException:
                self._slots.release()
                raise
        finally:
            self._waiting -= 1
        self._in_flight += 1

    async def _come_up(self, borrower: object) -> None:
        """At the front: wait for the host, then for the overall limit, and again if the host was held meanwhile."""
        while True:
            await self._until_ready()
            await self._limit.acquire_on_behalf_of(borrower)
            if self.deferred is not None:
                return
            now = self._clock()
            if self._pace.ready_at <= now:
                _, self._pace = self._pace.book(now, self._random())
                return
            self._limit.release_on_behalf_of(borrower)

    async def _until_ready(self) -> None:
        while self.deferred is None and (wait := self._pace.ready_at - self._clock()) > 0:
            with anyio.move_on_after(wait):
                await self._deferral.wait()

    def _leave(self, borrower: object, started: float) -> None:
        now = self._clock()
        took = now - started
        self._average = took if self._average is None else self._average + _NEWEST * (took - self._average)
        if self.deferred is None:
            self._pace = self._pace.completed(now, self._random())
        self._in_flight -= 1
        self._limit.release_on_behalf_of(borrower)
        self._slots.release()

    def hold(self, seconds: float, patience_seconds: float) -> bool:
        """Hold the host back, as it asked; False when that (with what it asked for before, without answering
        anything else in between) is longer than our patience, and the host is to be deferred."""
        until = self._clock() + seconds
        self._asked_to_wait_seconds += max(0.0, until - max(self._clock(), self._pace.ready_at))
        if self._asked_to_wait_seconds > patience_seconds:
            return False
        self._pace = self._pace.held(until)
        return True

    def defer(self, why: str) -> None:
        """Ask this host nothing more; who waits here goes on at once and sees it."""
        self.deferred = why
        self._deferral.set()

    def answered(self) -> None:
        """The host gave an answer that was not a request to wait."""
        self.refusals = 0
        self._asked_to_wait_seconds = 0.0

    def connected(self, port: int) -> None:
        """The host took a connection at this port."""
        self._health.pop(port, None)

    def unconnected(self, port: int, fault: Fault) -> None:
        """The host took no connection at this port; about its others that says nothing."""
        self._health[port] = self._health.get(port, Health()).failed(self._clock(), fault)

    def forgive(self) -> None:
        """Forget the connections that did not come about: they failed on our side."""
        self._health.clear()

    def reason_to_skip(self, port: int) -> Fault | None:
        """What the next request would meet with, while the host is taken to be down at this port."""
        health = self._health.get(port)
        return health.reason_to_skip(self._clock()) if health else None

    @property
    def is_busy(self) -> bool:
        return self._waiting + self._in_flight > 0

    def state(self) -> LaneState:
        """A snapshot for progress."""
        return LaneState(
            waiting=self._waiting,
            in_flight=self._in_flight,
            next_turn_seconds=max(0.0, self._pace.ready_at - self._clock()),
            average_seconds=self._average,
            deferred=self.deferred is not None,
        )
