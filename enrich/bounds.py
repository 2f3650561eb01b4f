"""How long a run must take by politeness alone, and when it will have ended as far as can be told.

One slow host decides when a run ends, however fast all others answer. What surprised us: the rate of answers so far
says next to nothing about the end, since the fast hosts are through in the first seconds of a run of an hour. So the
estimate goes by the host that needs longest, and by the rate only for what no such host is asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from enrich.model import Manners
from enrich.spelling import numbered

# A host that needs no longer is not worth a line before the run.
WORTH_TELLING_SECONDS = 60.0
# The end of a run, as it is shown, moves at most by this share of the longer of what was thought and what is seen to
# be left, from one look to the next.
MOST_CHANGE = 0.05
LEAST_CHANGE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What one host needs: ``asked`` of its ``due`` targets in this run, ``batch`` of them by one question.

    ``called`` names the targets as people do, such as ``WeChat links``. ``host`` is where they are asked, if that is one
    by one.
    """

    called: str
    due: int
    asked: int
    gap_seconds: float
    batch: int = 1
    host: str = ""

    @property
    def seconds(self) -> float:
        """The least time that this run takes, answers not counted."""
        return questions(self.asked, self.batch) * self.gap_seconds

    @property
    def seconds_for_all(self) -> float:
        """The same for all that is due, in however many runs."""
        return questions(self.due, self.batch) * self.gap_seconds


def questions(targets: int, batch: int) -> int:
    """How many questions so many targets take."""
    return -(-targets // batch)


def gap_of(manners: Manners) -> float:
    """The seconds between two questions to a host on average."""
    return manners.interval_seconds + manners.jitter_seconds / 2


def seconds_left(
    count: int, gap_seconds: float, width: int, answer_seconds: float | None, batch: int = 1
) -> float:
    """How many seconds so many targets of one host take: their gaps, and the answers themselves where those are slower.

    With one question at a time the gap begins after the answer (`enrich.fetch.pace.Pace`).
    """
    answer = answer_seconds or 0.0
    each = gap_seconds + answer if width == 1 else max(gap_seconds, answer / width)
    return questions(count, batch) * each


def told(bound: Bound, deadline_seconds: float | None = None) -> str:
    """What is said of a slow host before the run."""
    if bound.batch > 1:
        way = f"in {numbered(questions(bound.due, bound.batch), 'batch', 'batches')}, {_gap(bound)} apart, "
    else:
        way = f"at {_gap(bound)} per link "
    one = bound.called.replace("links", "link", 1)
    said = f"{way}the {numbered(bound.due, f'{one} needs', f'{bound.called} need')} {rough(bound.seconds_for_all)}"
    if not bound.asked:
        said += "; this run takes none of them, since the host has had its share for now"
    elif bound.asked < bound.due:
        taken = numbered(bound.asked, "that is due first", "that are due first")
        said += f"; this run takes the {taken}, in about {rough(bound.seconds)}"
    if deadline_seconds is not None and deadline_seconds < bound.seconds:
        said += f"; the deadline ends it after {rough(deadline_seconds)}, and the next run goes on"
    return said


def _gap(bound: Bound) -> str:
    return f"{bound.gap_seconds:.2g} s" if bound.gap_seconds < 10 else f"{bound.gap_seconds:.0f} s"


def rough(seconds: float) -> str:
    """A length of time as people say it: ``40 s``, ``12 min``, ``1 h 20 min``, ``14 h``, ``3 days``."""
    if seconds < 60:
        return f"{math.ceil(seconds) if seconds < 10 else 10 * math.ceil(seconds / 10):.0f} s"
    minutes = seconds / 60
    if round(minutes) < 60:
        return f"{round(minutes)} min"
    hours, tens = divmod(round(minutes / 10), 6)
    if hours < 10:
        return f"{hours} h {10 * tens} min" if tens else f"{hours} h"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24):,} days"


@dataclass(frozen=True, slots=True)
class Estimate:
    """When a run ends, by a monotonic clock. It follows what is known without leaps, so that it can be read."""

    end: float | None = None

    def seen(self, now: float, seconds: float) -> Estimate:
        """The estimate after a look that gave so many seconds more."""
        if self.end is None:
            return Estimate(now + seconds)
        most = max(MOST_CHANGE * max(self.seconds(now), seconds), LEAST_CHANGE_SECONDS)
        return Estimate(self.end + max(-most, min(most, now + seconds - self.end)))

    def seconds(self, now: float) -> float:
        """How long it is to the end; 0 where nothing was seen so far, or the end should have come."""
        return 0.0 if self.end is None else max(0.0, self.end - now)
