"""The hosts that a run meets: the lane of each, what it asked for, and what its robots.txt says.

A run may meet a million hosts. So a host is known from the moment that it is wanted, and forgotten when there are many
and nothing is known of it that matters.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from enrich.fetch import retry
from enrich.fetch.hops import Address, Origin
from enrich.fetch.politeness import Lane, LaneState
from enrich.fetch.robots import Known
from enrich.fetch.room import Room, at_once
from enrich.fetch.settings import FetchSettings
from enrich.model import Manners, Response

# A lane takes about 3 KB. When there are so many, those that would be the same if they were made anew go.
LANES_KEPT = 4096

# Longer is no moment that can be written down.
_LONGEST_HOLD_SECONDS = 366 * 86400.0


class Hosts:
    """What is known of hosts. ``random`` gives 0 to 1, ``now`` is the wall clock, in which ``Retry-After`` may speak.

    ``held_until`` and ``on_hold`` are those of `enrich.fetch.client.Fetcher`.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        random: Callable[[], float],
        now: Callable[[], datetime],
        held_until: Mapping[str, datetime],
        on_hold: Callable[[str, datetime], None] | None,
    ) -> None:
        self._settings = settings
        self._limit = Room(settings.concurrency)
        self._random = random
        self._now = now
        self._held = self._held_since_start(held_until)
        self._on_hold = on_hold
        self._lanes: dict[str, Lane] = {}
        self._shared: dict[str, Lane] = {}
        self._most_lanes = LANES_KEPT
        self._robots: dict[Origin, Known] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    def _held_since_start(self, held_until: Mapping[str, datetime]) -> dict[str, tuple[float, datetime]]:
        """Holds of earlier runs in seconds of the monotonic clock, which no change of the time of day moves."""
        wall, monotonic = self._now(), time.monotonic()
        return {
            host: (monotonic + (until - wall).total_seconds(), until) for host, until in held_until.items()
        }

    def remember(self, held_until: Mapping[str, datetime]) -> None:
        """Take note of what hosts wanted of others, who asked them before we do."""
        self._held = self._held_since_start(held_until)

    def lane(self, host: str) -> Lane:
        """The lane of a host; it is made when it is wanted for the first time."""
        lane = self._lanes.get(host)
        if lane is None:
            if len(self._lanes) >= self._most_lanes:
                self._forget()
            self._lanes[host] = lane = self._lane_by(self._settings.manners_of(host))
            self._make_room()
            if host in self._held:
                moment, until = self._held[host]
                self._keep_holding(lane, moment - time.monotonic(), until)
        return lane

    def _make_room(self) -> None:
        """Let more be under way over all, the more hosts there are."""
        settings = self._settings
        self._limit.widen(at_once(settings.concurrency, settings.most_concurrency, len(self._lanes)))

    def _lane_by(self, manners: Manners) -> Lane:
        """A new lane, or the one that hosts of the same owner share, as slow as the slowest of them."""
        if manners.lane in self._shared:
            shared = self._shared[manners.lane]
            shared.widen(manners.interval_seconds)
            return shared
        taken_over = self._settings.ground.is_taken_over
        clock = asyncio.get_running_loop().time
        lane = Lane(manners, self._limit, random=self._random, clock=clock, is_taken_over=taken_over)
        if manners.lane is not None:
            self._shared[manners.lane] = lane
        return lane

    def _forget(self) -> None:
        """Let go of hosts of which nothing is known that matters: a run may meet a million."""
        kept = {origin[1] for origin, known in self._robots.items() if known.matters}
        self._lanes = {
            host: lane for host, lane in self._lanes.items() if host in kept or not lane.is_as_new
        }
        self._robots = {origin: known for origin, known in self._robots.items() if origin[1] in self._lanes}
        self._most_lanes = max(LANES_KEPT, 2 * len(self._lanes))

    def _keep_holding(self, lane: Lane, seconds: float, until: datetime) -> None:
        """What a host asked for in an earlier run holds in this one."""
        if seconds > 0 and not lane.hold(seconds, self._settings.patience_seconds):
            lane.defer(f"asked in an earlier run to wait until {until:%Y-%m-%dT%H:%M:%SZ}")

    def busy(self) -> Mapping[str, LaneState]:
        """The hosts that somebody is waiting for or asking; of those that share a lane, the first."""
        busy = {lane: host for host, lane in reversed(self._lanes.items()) if lane.is_busy}
        return {host: lane.state() for lane, host in busy.items()}

    def is_busy(self, host: str) -> bool:
        """Whether somebody is waiting for this host or asking it."""
        return host in self._lanes and self._lanes[host].is_busy

    def robots_of(self, address: Address) -> Known:
        """What is known of the robots.txt of an address's origin."""
        known = self._robots.get(address.origin)
        if known is None:
            known = self._robots[address.origin] = Known(address.url)
        return known

    def forgive(self) -> None:
        """Forget which hosts took no connection: it was not their fault."""
        for lane in self._lanes.values():
            lane.forgive()

    def mind(self, host: str, lane: Lane, answer: Response, asked_at: float) -> None:
        """Slow down for a host that has too much to do, hold it back when it asks for that, and defer it when it
        asks for too much."""
        wait = retry.retry_after_seconds(answer, self._now()) if answer.status >= 400 else None
        if wait is None and answer.status == 429:
            wait = retry.pause(lane.refusals + 1, self._settings.backoff_seconds)
        if wait is not None or answer.status in retry.OVERLOADED_STATUSES:
            lane.refused(asked_at)
        elif answer.status < 400:
            lane.answered(asked_at)
        else:
            lane.failed()
        if wait is not None:
            self._hold(host, lane, wait)

    def hold_back(self, host: str, seconds: float) -> None:
        """Leave a host alone for so long, as if it had asked for that: whoever judges its pages saw that it refuses."""
        self._hold(host, self.lane(host), seconds)

    def _hold(self, host: str, lane: Lane, seconds: float) -> None:
        until = self._now() + timedelta(seconds=min(seconds, _LONGEST_HOLD_SECONDS))
        if not lane.hold(seconds, self._settings.patience_seconds):
            lane.defer(f"asked to wait until {until:%Y-%m-%dT%H:%M:%SZ}")
        if self._on_hold is not None:
            self._on_hold(host, until)
