"""Connections that nobody uses at the moment, by origin: to put one back or take one costs the same however many lie
here (httpcore's pool walks all of them, twice, for every request).

All of them are bounded, and those with TLS, which hold a quarter of a megabyte each, more tightly; the longest unused
goes first. The bound must not be small: a run asks its hosts in turn, so that with one connection too few each is
closed just before it is needed again (500 hosts and room for 192: a new connection for every link). Once a second
those are closed that lay here too long, and those with TLS whose origin nobody is asking any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from functools import partial

from enrich.fetch.wire import Wire

KEEPALIVE_SECONDS = 20.0
# A lane is empty for a moment while the answer before is being written down.
LINGER_SECONDS = 2.0
SWEEP_SECONDS = 1.0

# With those in use (256 by default) below 1,024, the usual limit of open files.
MOST_IDLE = 640
MOST_IDLE_TLS = 256


class IdleWires:
    """Idle connections. ``is_wanted`` says whether anybody is about to ask an origin."""

    def __init__(self, is_wanted: Callable[[Hashable], bool]) -> None:
        self._is_wanted = is_wanted
        # With TLS or without: connections and their origins in the order in which they were put here.
        self._shelves: dict[bool, dict[Wire, Hashable]] = {False: {}, True: {}}
        self._of: dict[Hashable, dict[Wire, bool]] = {}
        self._adopted: set[Wire] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._shelves[False]) + len(self._shelves[True])

    def adopt(self, key: Hashable, wire: Wire, has_tls: bool) -> None:
        """A connection that comes here whenever it is free."""
        self._adopted.add(wire)
        wire.on_free = partial(self._put, key, has_tls)
        wire.on_lost = partial(self._lose, key)

    def take(self, key: Hashable) -> Wire | None:
        """The connection of an origin that was used last, if one lies here that is still open."""
        own = self._of.get(key)
        while own:
            wire = next(reversed(own))
            self._forget(key, wire)
            if wire.is_open and asyncio.get_running_loop().time() - wire.idle_since < KEEPALIVE_SECONDS:
                return wire
            wire.abort()
        return None

    def put_back(self, key: Hashable, wire: Wire, has_tls: bool) -> None:
        """A connection over which nothing was sent after all."""
        self._put(key, has_tls, wire)

    def close(self) -> None:
        """Close all, those in use as well, and whatever would come later."""
        self._is_closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for wire in self._adopted:
            wire.abort()

    def _put(self, key: Hashable, has_tls: bool, wire: Wire) -> None:
        if self._is_closed:
            wire.abort()
            return
        loop = asyncio.get_running_loop()
        wire.idle_since = loop.time()
        self._shelves[has_tls][wire] = key
        self._of.setdefault(key, {})[wire] = has_tls
        self._make_room()
        if self._sweeping is None:
            self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep)

    def _make_room(self) -> None:
        if len(self._shelves[True]) > MOST_IDLE_TLS:
            self._drop([next(iter(self._shelves[True]))])
        elif len(self) > MOST_IDLE:
            longest = [next(iter(shelf)) for shelf in self._shelves.values() if shelf]
            self._drop([min(longest, key=lambda wire: wire.idle_since)])

    def _lose(self, key: Hashable, wire: Wire) -> None:
        self._adopted.discard(wire)
        self._forget(key, wire)

    def _forget(self, key: Hashable, wire: Wire) -> None:
        own = self._of.get(key)
        if own is None or wire not in own:
            return
        del self._shelves[own.pop(wire)][wire]
        if not own:
            del self._of[key]

    def _drop(self, wires: list[Wire]) -> None:
        for wire in wires:
            for shelf in self._shelves.values():
                if wire in shelf:
                    self._forget(shelf[wire], wire)
            wire.abort()

    def _sweep(self) -> None:
        now = asyncio.get_running_loop().time()
        idle = [wire for shelf in self._shelves.values() for wire in shelf]
        self._drop([wire for wire in idle if self._has_lain_too_long(wire, now)])
        loop = asyncio.get_running_loop()
        self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep) if len(self) else None

    def _has_lain_too_long(self, wire: Wire, now: float) -> bool:
        lain = now - wire.idle_since
        key = self._shelves[True].get(wire)
        is_forsaken = key is not None and lain > LINGER_SECONDS and not self._is_wanted(key)
        return is_forsaken or lain > KEEPALIVE_SECONDS
