"""Waiting one's turn at a host.

``Lane`` is the queue in front of one host, and the only thing here that waits; it does so with anyio
alone, so that a virtual clock can drive it. When the next question may go is said by the arithmetic of
`enrich.fetch.pace`. The limit over all hosts is taken after the host's turn: a lane that waits for its host
keeps nothing from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

import anyio

from enrich.fetch.pace import DOWN_SECONDS, NEWEST, SLOW_SECONDS, Fault, Health, Pace
from enrich.model import Manners

# A host that gives nothing but refusals this often in a row has its turn in a later run.
DEFERRED_AFTER_REFUSALS = 30
# Of two questions that are sent, the second is at least this share of a gap behind the first. All of it would have every
# hair's breadth by which one is late cost the next one its turn.
KEPT_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class LaneState:
    """What progress shows of a host.

    ``gap_seconds`` is the present one on average, ``slowed`` says that it is longer than agreed on. The host asked to
    be left alone for ``held_seconds`` more; it takes no connection and is tried again after ``down_seconds``.
    """

    waiting: int
    in_flight: int
    next_turn_seconds: float
    average_seconds: float | None
    deferred: bool
    width: int
    gap_seconds: float
    slowed: bool
    held_seconds: float
    down_seconds: float


class Limit(Protocol):
    """What bounds the requests in flight over all hosts; anyio's CapacityLimiter is one."""

    def acquire_on_behalf_of_nowait(self, borrower: object) -> None: ...
    async def acquire_on_behalf_of(self, borrower: object) -> None: ...
    def release_on_behalf_of(self, borrower: object) -> None: ...


_UNKNOWN = Health()
_PROVEN = Health(proven=True)

Port = Hashable
"""A port, with its host where several hosts share a lane: that one of them is down says nothing about the others."""


class Turn:
    """A turn at a port: `async with` waits for it and holds it. Gives why nothing is to be asked there, if so; then
    it holds nothing."""

    __slots__ = ("_lane", "_port", "_started")

    def __init__(self, lane: Lane, port: Port) -> None:
        self._lane = lane
        self._port = port
        self._started: float | None = None

    async def __aenter__(self) -> str | None:
        refusal = None
        if not self._lane.takes_at_once(self, self._port):
            refusal = await self._lane.queue(self, self._port)
        if refusal is None:
            self._started = self._lane.clock()
        return refusal

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._started is not None:
            self._lane.leave(self, self._started)


class Lane:
    """The queue in front of one host: first come, first served."""

    def __init__(
        self,
        manners: Manners,
        limit: Limit,
        *,
        random: Callable[[], float],
        clock: Callable[[], float] = anyio.current_time,
        is_taken_over: bool = False,
    ) -> None:
        """``is_taken_over``: somebody else may have asked this host a moment ago; the first turn is a gap away."""
        self._pace = Pace(manners)
        if is_taken_over:
            self._pace = self._pace.held(clock() + self._pace.gap_seconds(1.0))
        self._health: dict[Port, Health] = {}
        self._limit = limit
        self._random = random
        self.clock = clock
        self._front = anyio.Lock(fast_acquire=True)
        # There while somebody waits for the host itself.
        self._stir: anyio.Event | None = None
        self._waiting = 0
        self._in_flight = 0
        self._average: float | None = None
        self._asked_to_wait_seconds = 0.0
        self._held_until = float("-inf")
        self._quick_from = float("-inf")
        self._sent_at = float("-inf")
        self._silent: set[str] = set()
        self.refusals = 0
        self.deferred: str | None = None

    def turn(self, port: Port = 0) -> Turn:
        """A turn at a port, to be waited for."""
        return Turn(self, port)

    def takes_at_once(self, borrower: object, port: Port) -> bool:
        """Begin a turn, if that takes no waiting and overtakes nobody."""
        now = self.clock()
        if self._waiting or self._is_refused(port, now) or self._wait_seconds(port, now) > 0:
            return False
        try:
            self._limit.acquire_on_behalf_of_nowait(borrower)
        except anyio.WouldBlock:
            return False
        self._begin(now)
        return True

    async def queue(self, borrower: object, port: Port) -> str | None:
        """Wait for a turn and begin it; or why not."""
        self._waiting += 1
        try:
            async with self._front:
                return await self._come_up(borrower, port)
        finally:
            self._waiting -= 1

    async def _come_up(self, borrower: object, port: Port) -> str | None:
        """At the front: wait for the host, then for the overall limit, and again if the host was held meanwhile."""
        while True:
            await self._until_ready(port)
            if (refusal := self.refusal(port)) is not None:
                return refusal
            await self._take_place(borrower)
            now = self.clock()
            if not self._is_refused(port, now) and self._wait_seconds(port, now) <= 0:
                self._begin(now)
                return None
            self._limit.release_on_behalf_of(borrower)

    async def _take_place(self, borrower: object) -> None:
        """Take a place of the overall limit. Where one is free that costs no turn of the loop."""
        try:
            self._limit.acquire_on_behalf_of_nowait(borrower)
        except anyio.WouldBlock:
            await self._limit.acquire_on_behalf_of(borrower)

    async def _until_ready(self, port: Port) -> None:
        """Wait for the host; what ends an infinite wait stirs whoever is in front."""
        while (
            not self._is_refused(port, now := self.clock()) and (wait := self._wait_seconds(port, now)) > 0
        ):
            self._stir = anyio.Event()
            with anyio.move_on_after(wait):
                await self._stir.wait()
            self._stir = None

    def _wait_seconds(self, port: Port, now: float) -> float:
        """How long until the next turn as things stand."""
        if self._in_flight >= self._health_of(port).places(self._pace.width):
            return float("inf")
        return self._pace.ready_at - now

    def _begin(self, now: float) -> None:
        _, self._pace = self._pace.book(now, self._random())
        self._in_flight += 1

    def leave(self, borrower: object, started: float) -> None:
        """End a turn that began at ``started``."""
        now = self.clock()
        took = now - started
        self._average = took if self._average is None else self._average + NEWEST * (took - self._average)
        if self.deferred is None:
            self._pace = self._pace.completed(now, self._random())
        self._in_flight -= 1
        self._limit.release_on_behalf_of(borrower)
        self._stirs()

    def _stirs(self) -> None:
        """Something changed for whoever waits for the host."""
        if self._stir is not None:
            self._stir.set()

    def lets_go(self, booked_at: float, grace_seconds: float = 0.0) -> bool:
        """Whether a question may be sent now, in a turn of that moment; if so, it counts as sent.

        Not in a turn that is too old, nor right after a question that was itself sent late in its turn.
        """
        now = self.clock()
        if self._pace.is_void(booked_at, now, grace_seconds):
            return False
        if now - self._sent_at < KEPT_SHARE * self._pace.gap_seconds():
            return False
        self._sent_at = now
        return True

    def hold(self, seconds: float, patience_seconds: float) -> bool:
        """Hold the host back, as it asked; False when that (with what it asked for before, without answering
        anything else in between) is longer than our patience, and the host is to be deferred."""
        until = self.clock() + seconds
        self._asked_to_wait_seconds += max(0.0, until - max(self.clock(), self._pace.ready_at))
        if self._asked_to_wait_seconds > patience_seconds:
            return False
        self._held_until = max(self._held_until, until)
        self._pace = self._pace.held(until)
        return True

    def defer(self, why: str) -> None:
        """Ask this host nothing more; who waits here goes on at once and sees it."""
        self.deferred = why
        self._stirs()

    def widen(self, interval_seconds: float) -> None:
        """Leave at least so much time between two requests from now on."""
        before = self._pace.gap_seconds()
        self._pace = self._pace.at_least(interval_seconds)
        self._pace = self._pace.held(self._pace.ready_at + self._pace.gap_seconds() - before)

    def answered(self, asked_at: float) -> None:
        """The host gave a good answer to what was asked then."""
        now = self.clock()
        self._pace = self._pace.answered(now, asked_at)
        if now - asked_at <= SLOW_SECONDS:
            self._quick_from = max(self._quick_from, asked_at)
        self._not_refused()

    def failed(self) -> None:
        """The host gave an answer that says nothing about its load, such as one about a page that is missing."""
        self._pace = self._pace.failed()
        self._not_refused()

    def _not_refused(self) -> None:
        self.refusals = 0
        self._asked_to_wait_seconds = 0.0
        self._stirs()

    def refused(self, asked_at: float) -> None:
        """The host said that it cannot, or does not want to, answer now."""
        self.overloaded(asked_at)
        self.refusals += 1
        if self.refusals >= DEFERRED_AFTER_REFUSALS:
            self.defer(f"it refused {self.refusals} times in a row")

    def unanswered(self, url: str, asked_at: float) -> None:
        """What was asked then was not answered in time.

        A host that meanwhile gave a quick answer to a later question is not overloaded: this one address is silent,
        and is no news when it is silent again.
        """
        if self._quick_from > asked_at:
            self._silent.add(url)
        if url not in self._silent:
            self.overloaded(asked_at)

    def overloaded(self, asked_at: float) -> None:
        """The host shows that it has too much to do, as one does that does not answer in time."""
        self._pace = self._pace.overloaded(self.clock(), asked_at)

    def connected(self, port: Port) -> None:
        """The host took a connection at this port."""
        if self._health_of(port) != _PROVEN:
            self._health[port] = _PROVEN
            self._stirs()

    def unconnected(self, port: Port, fault: Fault) -> None:
        """The host took no connection at this port; about its others that says nothing."""
        self._health[port] = self._health_of(port).failed(self.clock(), fault)
        self._stirs()

    def forgive(self) -> None:
        """Forget the connections that did not come about: they failed on our side."""
        self._health.clear()
        self._stirs()

    def _health_of(self, port: Port) -> Health:
        return self._health.get(port, _UNKNOWN)

    def _is_refused(self, port: Port, now: float) -> bool:
        return self.deferred is not None or self._health_of(port).reason_to_skip(now) is not None

    def refusal(self, port: Port) -> str | None:
        """Why nothing is to be asked at this port now, if so."""
        return self.deferred or self._health_of(port).reason_to_skip(self.clock())

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits here or is being answered."""
        return self.under_way > 0

    @property
    def under_way(self) -> int:
        """How many questions wait here or are being answered."""
        return self._waiting + self._in_flight

    @property
    def is_as_new(self) -> bool:
        """Whether a new lane in its place would ask neither sooner nor faster, nor know less of its troubles."""
        pace = self._pace
        is_slowed = pace.extra_seconds or pace.lost_places or pace.ready_at > self.clock()
        in_trouble = self.deferred or self.refusals or self._asked_to_wait_seconds
        is_down = any(health.failures for health in self._health.values())
        return not (self.is_busy or is_slowed or in_trouble or is_down)

    def state(self) -> LaneState:
        """A snapshot for progress."""
        now = self.clock()
        down = (health.down_until - now for health in self._health.values() if health.fault is not None)
        return LaneState(
            waiting=self._waiting,
            in_flight=self._in_flight,
            next_turn_seconds=max(0.0, self._pace.ready_at - now),
            average_seconds=self._average,
            deferred=self.deferred is not None,
            width=self._pace.width,
            gap_seconds=self._pace.gap_seconds(0.5),
            slowed=self._pace.extra_seconds > 0,
            held_seconds=max(0.0, self._held_until - now),
            down_seconds=max((seconds for seconds in down if 0 < seconds <= DOWN_SECONDS), default=0.0),
        )
