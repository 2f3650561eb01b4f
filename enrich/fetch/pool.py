"""Connections that nobody uses at the moment, by origin: to put one back or take one costs the same however many lie
here (httpcore's pool walks all of them, twice, for every request).

All of them are bounded; the longest unused goes first. The bound must not be small: a run asks its hosts in turn, so
that with one connection too few each is closed just before it is needed again (500 hosts and room for 192: a new
connection for every link). Once a second those are closed that lay here too long, and those with TLS, which take more
memory on both sides, whose origin nobody is asking any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from functools import partial

from enrich.fetch.wire import Wire

KEEPALIVE_SECONDS = 20.0
# A lane is empty for a moment while the answer before is being written down, and a redirect may lead here soon.
LINGER_SECONDS = 10.0
SWEEP_SECONDS = 1.0

# With those in use (256 by default) below 1,024, the usual limit of open files.
MOST_IDLE = 640


class IdleWires:
    """Idle connections. ``is_wanted`` says whether anybody is about to ask an origin."""

    def __init__(self, is_wanted: Callable[[Hashable], bool]) -> None:
        self._is_wanted = is_wanted
        # In the order in which they were put here, and those of an origin in the same.
        self._keys: dict[Wire, Hashable] = {}
        self._of: dict[Hashable, list[Wire]] = {}
        # Whether they have TLS; those in use are here as well.
        self._adopted: dict[Wire, bool] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._keys)

    def adopt(self, key: Hashable, wire: Wire, has_tls: bool) -> None:
        """A connection that comes here whenever it is free."""
        self._adopted[wire] = has_tls
        wire.on_free = partial(self._put, key)
        wire.on_lost = self._lose

    def take(self, key: Hashable) -> Wire | None:
        """The connection of an origin that was used last, if one lies here that is still open."""
        while own := self._of.get(key):
            wire = own[-1]
            self._forget(wire)
            if wire.is_open and asyncio.get_running_loop().time() - wire.idle_since < KEEPALIVE_SECONDS:
                return wire
            wire.abort()
        return None

    def put_back(self, key: Hashable, wire: Wire) -> None:
        """A connection over which nothing was sent after all."""
        self._put(key, wire)

    def close(self) -> None:
        """Close all, those in use as well, and whatever would come later."""
        self._is_closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for wire in self._adopted:
            wire.abort()

    def _put(self, key: Hashable, wire: Wire) -> None:
        if self._is_closed:
            wire.abort()
            return
        loop = asyncio.get_running_loop()
        wire.idle_since = loop.time()
        self._keys[wire] = key
        self._of.setdefault(key, []).append(wire)
        if len(self._keys) > MOST_IDLE:
            self._drop(next(iter(self._keys)))
        if self._sweeping is None:
            self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep)

    def _lose(self, wire: Wire) -> None:
        self._adopted.pop(wire, None)
        if wire in self._keys:
            self._forget(wire)

    def _forget(self, wire: Wire) -> None:
        key = self._keys.pop(wire)
        own = self._of[key]
        own.remove(wire)
        if not own:
            del self._of[key]

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
