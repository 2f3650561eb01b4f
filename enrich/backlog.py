"""How many targets each host is still to be asked about, for whoever shows how a run goes.

The store knows it too, but only by a query, and a terminal is drawn twice a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from enrich.bounds import gap_of, rough, seconds_left

if TYPE_CHECKING:
    from enrich.fetch.politeness import LaneState
    from enrich.model import Manners

# Answers that take so long are a reason to wait that is worth naming.
LONG_ANSWER_SECONDS = 2.0


class Queue(NamedTuple):
    """Targets of one host; an API is asked about a ``batch`` of them at once."""

    host: str
    batch: int = 1


@dataclass(slots=True)
class Backlog:
    """What is left of the queues that a run has begun, how many targets stand in others, and how many were put off."""

    left: dict[Queue, int] = field(default_factory=dict)
    ahead: int = 0
    put_off: int = 0

    def begin(self, queue: Queue, count: int) -> None:
        """So many targets of a queue are asked from now on."""
        self.left[queue] = count

    def done(self, queue: Queue) -> None:
        """One target less, whatever became of it."""
        if queue in self.left:
            self.left[queue] -= 1

    def defer(self, count: int) -> None:
        """So many targets more wait for another run."""
        self.put_off += count

    def end(self, queue: Queue) -> None:
        """Nobody is asked any more there."""
        self.left.pop(queue, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What can be seen of a run from outside: its queues, and the lanes of the hosts that are busy.

    ``questions`` says how many turns a target of a slow host takes on average, where that is not one.
    """

    backlog: Backlog
    lanes: Callable[[], Mapping[str, LaneState]]
    manners_of: Callable[[str], Manners]
    questions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What one host still has to be asked, and how long that takes; ``lane`` is None while nobody waits there."""

    host: str
    left: int
    seconds: float
    lane: LaneState | None

    @property
    def told(self) -> str:
        """``mp.weixin.qq.com: next in 9 s, 412 left, about 1 h 10 min``; the host is foreign text."""
        doing = f"{_doing(self.lane)}, " if self.lane else ""
        return f"{self.host}: {doing}{self.left:,} left, about {rough(self.seconds)}"


def slowest(workload: Workload) -> list[Ahead]:
    """All hosts that something is left for, the one that needs longest first; those of one lane are one."""
    by_lane: dict[str, Ahead] = {}
    for lane, one in _ahead(workload):
        other = by_lane.get(lane)
        by_lane[lane] = one if other is None else _together(other, one)
    return sorted(by_lane.values(), key=lambda one: (-one.seconds, one.host))


def _ahead(workload: Workload) -> Iterator[tuple[str, Ahead]]:
    lanes = dict(workload.lanes())
    for queue, left in workload.backlog.left.items():
        lane, manners = lanes.pop(queue.host, None), workload.manners_of(queue.host)
        if left > 0:
            turns = workload.questions.get(queue.host, 1.0)
            yield manners.lane or queue.host, _one(queue, left, lane, manners, turns)
    for host, lane in lanes.items():
        # Others redirect to it.
        manners = workload.manners_of(host)
        yield manners.lane or host, _one(Queue(host), lane.waiting + lane.in_flight, lane, manners)


def _one(queue: Queue, left: int, lane: LaneState | None, manners: Manners, turns: float = 1.0) -> Ahead:
    if lane is None:
        seconds = turns * seconds_left(left, gap_of(manners), manners.width, None, queue.batch)
    else:
        asked = turns * seconds_left(left, lane.gap_seconds, lane.width, lane.average_seconds, queue.batch)
        seconds = asked + max(lane.down_seconds, lane.held_seconds)
    return Ahead(queue.host, left, seconds, lane)


def _together(one: Ahead, other: Ahead) -> Ahead:
    shown = one if one.lane is not None else other
    return replace(shown, left=one.left + other.left, seconds=one.seconds + other.seconds)


def _doing(lane: LaneState) -> str:
    """What a host is busy with, or what it waits for."""
    if lane.down_seconds:
        return f"takes no connection, tried again in {rough(lane.down_seconds)}"
    if lane.held_seconds:
        return f"wants to be left alone for {rough(lane.held_seconds)}"
    if not lane.in_flight and lane.next_turn_seconds >= 1:
        return f"next in {math.ceil(lane.next_turn_seconds)} s"
    if lane.average_seconds is not None and lane.average_seconds >= LONG_ANSWER_SECONDS:
        return f"{lane.in_flight} under way, answers take {lane.average_seconds:.0f} s"
    pace = f"one every {lane.gap_seconds:.2g} s" if lane.gap_seconds else "one at a time"
    return f"slowed down, {pace}" if lane.slowed else pace
