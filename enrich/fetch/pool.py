"""Connections that nobody uses at the moment, by origin: to put one back or take one costs the same however many lie
here (httpcore's pool walks all of them, twice, for every request).

Each kind is bounded, the longest unused going first: together with those in use they stay well below the usual
limit of 1,024 open files, and a TLS connection holds ten times the memory of a plain one. Once a second those are
closed that lay here too long, and those with TLS whose origin nobody is asking any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial

from enrich.fetch.wire import Wire

KEEPALIVE_SECONDS = 20.0
# A lane is empty for a moment while the answer before is being written down.
LINGER_SECONDS = 2.0
SWEEP_SECONDS = 1.0

IDLE_PLAIN = 192
IDLE_TLS = 96


@dataclass(slots=True)
class _Shelf:
    """Idle connections of one kind, in the order in which they were put here."""

    limit: int
    wires: dict[Wire, Hashable] = field(default_factory=dict)


class IdleWires:
    """Idle connections. ``is_wanted`` says whether anybody is about to ask an origin."""

    def __init__(
        self, is_wanted: Callable[[Hashable], bool], plain: int = IDLE_PLAIN, tls: int = IDLE_TLS
    ) -> None:
        self._is_wanted = is_wanted
        self._shelves = {False: _Shelf(plain), True: _Shelf(tls)}
        self._of: dict[Hashable, dict[Wire, bool]] = {}
        self._adopted: set[Wire] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return sum(len(shelf.wires) for shelf in self._shelves.values())

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
        shelf = self._shelves[has_tls]
        shelf.wires[wire] = key
        self._of.setdefault(key, {})[wire] = has_tls
        if len(shelf.wires) > shelf.limit:
            self._drop([next(iter(shelf.wires))])
        if self._sweeping is None:
            self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep)

    def _lose(self, key: Hashable, wire: Wire) -> None:
        self._adopted.discard(wire)
        self._forget(key, wire)

    def _forget(self, key: Hashable, wire: Wire) -> None:
        own = self._of.get(key)
        if own is None or wire not in own:
            return
        del self._shelves[own.pop(wire)].wires[wire]
        if not own:
            del self._of[key]

    def _drop(self, wires: list[Wire]) -> None:
        for wire in wires:
            for shelf in self._shelves.values():
                if wire in shelf.wires:
                    self._forget(shelf.wires[wire], wire)
            wire.abort()

    def _sweep(self) -> None:
        now = asyncio.get_running_loop().time()
        idle = [wire for shelf in self._shelves.values() for wire in shelf.wires]
        self._drop([wire for wire in idle if self._has_lain_too_long(wire, now)])
        loop = asyncio.get_running_loop()
        self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep) if len(self) else None

    def _has_lain_too_long(self, wire: Wire, now: float) -> bool:
        lain = now - wire.idle_since
        key = self._shelves[True].wires.get(wire)
        is_forsaken = key is not None and lain > LINGER_SECONDS and not self._is_wanted(key)
        return is_forsaken or lain > KEEPALIVE_SECONDS
