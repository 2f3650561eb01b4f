"""Hosts that want to be left alone, remembered beyond the run.

A ``Retry-After`` that outlasts the run, or that a kill cuts short, must keep the next run away. So each one
is written down when it is heard, and not with the results at leisure. The store speaks of dates by its
own clock, which tests may set; waiting is done by the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import anyio

from enrich.store.protocol import Store

# The store does not believe a longer hold, since a wrong clock must not silence a host for years.
LONGEST_HOLD = timedelta(days=1)
AN_HOUR = timedelta(hours=1)


class Holds:
    """Reads the holds of earlier runs, takes those of this one, and writes them as they come.

    ``now`` is the clock of stored dates. `add` may be called from the event loop at any time; `write` is a task.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._pending: dict[str, datetime] = {}
        self._spent: dict[str, datetime] = {}
        self._stir = anyio.Event()
        self._closed = False
        self.until: dict[str, datetime] = {}

    async def load(self) -> None:
        """Read until when hosts want to be left alone, by the real clock."""
        behind = datetime.now(UTC) - self._now()
        held = await self._store.held_hosts(self._now())
        self.until = {host: until + behind for host, until in held.items()}

    def add(self, host: str, until: datetime) -> None:
        """Remember a hold; ``until`` is of the real clock."""
        self.until[host] = max(until, self.until.get(host, until))
        stored = self._now() + min(until - datetime.now(UTC), LONGEST_HOLD)
        self._pending[host] = max(stored, self._pending.get(host, stored))
        self._stir.set()

    def spend(self, name: str, until: float | None) -> None:
        """Remember that a budget is used up until then, in seconds since 1970; for an hour where nobody said.

        It is kept like a host of that name, which no host can have: a space is in it.
        """
        moment = datetime.now(UTC) + AN_HOUR
        with suppress(ValueError, OverflowError, OSError):
            moment = moment if until is None else datetime.fromtimestamp(until, UTC)
        self._spent[name] = moment
        self.add(name, moment)

    def is_spent(self, name: str) -> bool:
        """Whether a budget is still used up, in this run or from an earlier one."""
        until = self._spent.get(name) or self.until.get(name)
        return until is not None and until > datetime.now(UTC)

    def until_of(self, host: str) -> datetime | None:
        """Until when a host wants to be left alone, by the clock of stored dates; None if it does not."""
        until = self.until.get(host)
        return None if until is None else self._now() + (until - datetime.now(UTC))

    def close(self) -> None:
        """No more holds will come; `write` ends when all are stored."""
        self._closed = True
        self._stir.set()

    async def write(self) -> None:
        """Store holds at once; those that come meanwhile go together."""
        while self._pending or not self._closed:
            await self._stir.wait()
            self._stir = anyio.Event()
            pending, self._pending = self._pending, {}
            if pending:
                await self._store.hold_hosts(pending)
            if self._closed:
                self._stir.set()
