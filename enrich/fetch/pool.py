"""Connections that nobody uses at the moment, by origin: to put one back or take one costs the same however many lie
here (httpcore's pool walks all of them, twice, for every request).

All of them are bounded; the longest unused goes first. The bound must not be small: a run asks its hosts in turn, so
that with one connection too few each is closed just before it is needed again (500 hosts and room for 192: a new
connection for every link). Once a second those are closed that lay here too long, and those with TLS, which take more
memory on both sides, whose origin nobody is asking any more.

Where all connections of an origin are in use, one more is worth making only if none comes free sooner: so whoever
wants one waits as long as the last one took to be made, and gets what comes free meanwhile. Without that, a lane that
is ten wide opens ten connections for answers that take a millisecond (4,700 for 20,000 links at 500 hosts).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial

from enrich.fetch.wire import Wire

KEEPALIVE_SECONDS = 20.0
# A lane is empty for a moment while the answer before is being written down, and a redirect may lead here soon.
LINGER_SECONDS = 10.0
SWEEP_SECONDS = 1.0

# With those in use (256 by default) below 1,024, the usual limit of open files.
MOST_IDLE = 640

# A host far away is not waited for longer: an answer takes it no less time than a connection.
MOST_PATIENCE_SECONDS = 0.25


@dataclass(slots=True)
class _Origin:
    """The connections of one origin: those idle, the one used last at the end, how many there are in all, how long the
    last one took to be made, and who waits for one to come free."""

    idle: list[Wire] = field(default_factory=list)
    count: int = 0
    connect_seconds: float = 0.0
    waiting: deque[asyncio.Future[Wire | None]] = field(default_factory=deque)

    def next_waiting(self) -> asyncio.Future[Wire | None] | None:
        while self.waiting:
            if not (first := self.waiting.popleft()).done():
                return first
        return None


class IdleWires:
    """Idle connections, ``most`` of them. ``is_wanted`` says whether anybody is about to ask an origin."""

    def __init__(self, is_wanted: Callable[[Hashable], bool], most: int = MOST_IDLE) -> None:
        self._is_wanted = is_wanted
        self._most = most
        # In the order in which they were put here, and those of an origin in the same.
        self._keys: dict[Wire, Hashable] = {}
        self._origins: dict[Hashable, _Origin] = {}
        # Whether they have TLS; those in use are here as well.
        self._adopted: dict[Wire, bool] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._keys)

    def adopt(self, key: Hashable, wire: Wire, has_tls: bool, connect_seconds: float = 0.0) -> None:
        """A connection that comes here whenever it is free; it took so long to be made."""
        if not wire.is_open:
            return
        origin = self._origins.setdefault(key, _Origin())
        origin.count += 1
        origin.connect_seconds = connect_seconds
        self._adopted[wire] = has_tls
        wire.on_free = partial(self._put, key)
        wire.on_lost = partial(self._lose, key)

    def take(self, key: Hashable) -> Wire | None:
        """The connection of an origin that was used last, if one lies here that is still open."""
        origin = self._origins.get(key)
        while origin is not None and origin.idle:
            wire = origin.idle[-1]
            self._forget(wire)
            if wire.is_open and wire.loop.time() - wire.idle_since < KEEPALIVE_SECONDS:
                return wire
            wire.abort()
        return None

    def put_back(self, key: Hashable, wire: Wire) -> None:
        """A connection over which nothing was sent after all. One that was closed before that never came here."""
        if wire in self._adopted:
            self._put(key, wire)

    async def come_free(self, key: Hashable, until: float | None) -> Wire | None:
        """The connection of an origin that comes free while another one could be made; not after ``until``, on the
        clock of the loop."""
        origin = self._origins.get(key)
        if origin is None or not origin.connect_seconds:
            return None
        loop = asyncio.get_running_loop()
        end = loop.time() + min(origin.connect_seconds, MOST_PATIENCE_SECONDS)
        waiter: asyncio.Future[Wire | None] = loop.create_future()
        origin.waiting.append(waiter)
        timer = loop.call_at(end if until is None else min(end, until), _give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            # It may have come free in the same moment.
            if not waiter.cancelled() and (wire := waiter.result()) is not None and wire.is_open:
                self._put(key, wire)
            raise
        finally:
            timer.cancel()

    def close(self) -> None:
        """Close all, those in use as well, and whatever would come later."""
        self._is_closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for wire in self._adopted:
            wire.abort()

    def _put(self, key: Hashable, wire: Wire) -> None:
        if self._is_closed or not wire.is_open:
            wire.abort()
            return
        origin = self._origins[key]
        if (waiter := origin.next_waiting()) is not None:
            waiter.set_result(wire)
            return
        loop = wire.loop
        wire.idle_since = loop.time()
        self._keys[wire] = key
        origin.idle.append(wire)
        if len(self._keys) > self._most:
            self._drop(next(iter(self._keys)))
        if self._sweeping is None:
            self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep)

    def _lose(self, key: Hashable, wire: Wire) -> None:
        self._adopted.pop(wire, None)
        if wire in self._keys:
            self._forget(wire)
        origin = self._origins[key]
        origin.count -= 1
        if not origin.count:
            del self._origins[key]
            while (waiter := origin.next_waiting()) is not None:
                waiter.set_result(None)

    def _forget(self, wire: Wire) -> None:
        self._origins[self._keys.pop(wire)].idle.remove(wire)

    def _drop(self, wire: Wire) -> None:
        self._forget(wire)
        wire.abort()

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for wire in [wire for wire in self._keys if self._has_lain_too_long(wire, now)]:
            self._drop(wire)
        self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep) if self._keys else None

    def _has_lain_too_long(self, wire: Wire, now: float) -> bool:
        lain = now - wire.idle_since
        may_be_forsaken = lain > LINGER_SECONDS and self._adopted[wire]
        return lain > KEEPALIVE_SECONDS or (may_be_forsaken and not self._is_wanted(self._keys[wire]))


def _give_up(waiter: asyncio.Future[Wire | None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
