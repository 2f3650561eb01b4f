"""An event loop whose clock stands still while this process does.

A laptop that is closed, a virtual machine that is moved, a job that is stopped, a machine with too much to do: when we
come back, all that was under way seems to have taken too long, and a host that answered at once looks dead. Nobody
knows that better than the loop itself. It comes round often, so when it has not for a moment, that was our own
trouble, and the moment counts for nothing: no time-out and no rate runs on meanwhile.

Seen from elsewhere more time passes than this clock tells, and never less: whatever keeps a distance by it keeps at
least that. What is agreed on with others, such as a lease, is counted by `time.monotonic`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio

# The loop comes round this often, even if there is nothing to do.
ROUND_SECONDS = 0.25
# What it may be late by, as on any machine that does other things too.
LATE_SECONDS = 0.25

_T = TypeVar("_T")

if sys.platform == "win32":
    _Loop = asyncio.ProactorEventLoop
else:
    _Loop = asyncio.SelectorEventLoop


class AwakeLoop(_Loop):
    """A loop that counts the time in which it ran. ``clock`` is monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked_at = clock()
        self._lost_seconds = 0.0
        super().__init__()
        self._come_round()

    def time(self) -> float:
        """Seconds since some moment, without those in which nothing could be done.

        Asked by the loop in each of its rounds; a step of ours that takes long is as much our own trouble.
        """
        now = self._clock()
        late = now - self._looked_at - ROUND_SECONDS
        if late > LATE_SECONDS:
            self._lost_seconds += late
        self._looked_at = now
        return now - self._lost_seconds

    def _come_round(self) -> None:
        self.call_later(ROUND_SECONDS, self._come_round)


def run(function: Callable[..., Awaitable[_T]], *args: Any) -> _T:
    """Run an asynchronous function in such a loop, and give what it gives."""
    return anyio.run(function, *args, backend_options={"loop_factory": AwakeLoop})
