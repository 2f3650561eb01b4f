"""The arithmetic of waiting: when may the next question to a host go, how many at a time, and is it of any use?

Nothing here waits or looks at a clock, so that every rule can be read, and tested, with moments that are made up;
`enrich.fetch.politeness.Lane` is what waits.

What surprised us: with a width of four, four answers of one overload come back together. Each of them says
the same, so a host is slowed down once for all questions that were under way. And that a frozen dataclass takes
1.7 µs to be changed: of `Pace` two are made for every link, so it is a record of msgspec (0.1 µs).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from enrich.model import FailureKind, Manners

# A port that takes no connection this often in a row is left alone for a minute, and for the rest of the run
# if the one question after that fails too. A black hole with 500 links would cost 500 connect timeouts otherwise.
DOWN_AFTER_FAILURES = 5
DOWN_SECONDS = 60.0

# The pause that is added when a host is overloaded: it doubles with each sign of it, and shrinks with each
# good answer, so that some ten of them undo one refusal.
FIRST_EXTRA_SECONDS = 0.25
MOST_EXTRA_SECONDS = 5.0
_SHRINK = 0.7
_NOTICEABLE_SECONDS = 0.02

# A host that takes so many times as long as at its best, and this long at least, is slowing down.
SLOW_FACTOR = 3.0
SLOW_SECONDS = 1.0

# So many good answers in a row bring back one place that was lost.
GOOD_ANSWERS_PER_PLACE = 4

# The weight of the newest request in averages.
NEWEST = 0.25


class Pace(Struct, frozen=True):
    """When the next request may start, and how many at a time. Moments are seconds of a monotonic clock.

    The gap is the interval of the manners plus ``extra_seconds``, and ``width`` is at most theirs: a host that
    is overloaded is asked more slowly than it was agreed on, and never faster. ``slowed_at`` is when that
    was noticed last; what was asked before then says nothing about the new pace. ``average_seconds`` is how
    long good answers take, ``best_seconds`` the least that this ever was.
    """

    manners: Manners
    ready_at: float = 0.0
    extra_seconds: float = 0.0
    lost_places: int = 0
    slowed_at: float = float("-inf")
    good_answers: int = 0
    average_seconds: float | None = None
    best_seconds: float = float("inf")

    @property
    def width(self) -> int:
        """How many may be asked at a time now: never none."""
        return max(1, self.manners.width - self.lost_places)

    def book(self, now: float, jitter: float = 0.0) -> tuple[float, Pace]:
        """Take the next turn: when it starts, and the pace after it.

        ``jitter`` (0 to 1) says how much of ``jitter_seconds`` is added to the gap. With width 1 the gap
        counts from the end of the request, so `completed` adds it.
        """
        start = max(now, self.ready_at)
        gap = 0.0 if self.manners.width == 1 else self.gap_seconds(jitter)
        return start, replace(self, ready_at=start + gap)

    def completed(self, now: float, jitter: float = 0.0) -> Pace:
        """The pace after a request ended."""
        return self.held(now + self.gap_seconds(jitter)) if self.width == 1 else self

    def held(self, until: float) -> Pace:
        """Nothing starts before ``until``; a later moment that was set before stands."""
        return replace(self, ready_at=max(self.ready_at, until))

    def is_void(self, booked_at: float, now: float, grace_seconds: float = 0.0) -> bool:
        """Whether a turn is too old to be used: what was booked after it may come together with it.

        Most of all after a sleep of the process, when all that it had turns for would be sent at once.
        """
        gap = self.gap_seconds(1.0)
        return gap > 0 and now - booked_at > gap + grace_seconds

    def gap_seconds(self, jitter: float = 0.0) -> float:
        """The least time between two requests."""
        return self.manners.interval_seconds + jitter * self.manners.jitter_seconds + self.extra_seconds

    def at_least(self, interval_seconds: float) -> Pace:
        """The pace with no shorter interval than this, as a host's robots.txt may ask for."""
        longer = max(self.manners.interval_seconds, interval_seconds)
        return replace(self, manners=dataclasses.replace(self.manners, interval_seconds=longer))

    def overloaded(
        self, now: float, asked_at: float, most_extra_seconds: float = MOST_EXTRA_SECONDS
    ) -> Pace:
        """The pace after a sign of overload in the answer to what was asked at ``asked_at``."""
        if asked_at < self.slowed_at:
            return replace(self, good_answers=0)
        first = max(FIRST_EXTRA_SECONDS, self.manners.interval_seconds)
        extra = min(max(first, 2 * self.extra_seconds), max(most_extra_seconds, self.extra_seconds))
        slower = replace(
            self, extra_seconds=extra, lost_places=self.manners.width - max(1, self.width // 2)
        )
        # What was booked with the old gap moves too.
        return replace(
            slower.held(self.ready_at + extra - self.extra_seconds), slowed_at=now, good_answers=0
        )

    def answered(self, now: float, asked_at: float) -> Pace:
        """The pace after a good answer: a little faster, unless answers take much longer than they did."""
        took = now - asked_at
        before = self.average_seconds
        average = took if before is None else before + NEWEST * (took - before)
        known = replace(self, average_seconds=average, best_seconds=min(self.best_seconds, average))
        if min(took, average) > max(SLOW_SECONDS, SLOW_FACTOR * known.best_seconds):
            # Half of the time for itself is enough for a host that answers, however slowly.
            return known.overloaded(now, asked_at, min(average, MOST_EXTRA_SECONDS))
        return known._recovering()

    def failed(self) -> Pace:
        """The pace after an answer that is neither good nor a sign of overload, or after none."""
        return replace(self, good_answers=0)

    def _recovering(self) -> Pace:
        extra = self.extra_seconds * _SHRINK
        good = self.good_answers + 1
        regained = 1 if good % GOOD_ANSWERS_PER_PLACE == 0 else 0
        return replace(
            self,
            extra_seconds=extra if extra >= _NOTICEABLE_SECONDS else 0.0,
            lost_places=max(0, self.lost_places - regained),
            good_answers=good,
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """Why no connection came about."""

    kind: FailureKind
    detail: str


class Health(Struct, frozen=True):
    """Whether a port takes connections. ``failures`` is the present streak; moments are those of `Pace`.

    After ``DOWN_AFTER_FAILURES`` the port is down for a minute. Then one question may try; while it is under way
    nobody else does, and when it fails the port is down for good.
    """

    failures: int = 0
    proven: bool = False
    down_until: float = float("-inf")
    fault: Fault | None = None

    def failed(self, now: float, fault: Fault) -> Health:
        """The state after one more connection that did not come about."""
        until = self.down_until
        if self.failures + 1 == DOWN_AFTER_FAILURES:
            until = now + DOWN_SECONDS
        elif self.failures >= DOWN_AFTER_FAILURES and now >= self.down_until:
            until = float("inf")
        return replace(self, failures=self.failures + 1, down_until=until, fault=fault)

    def places(self, width: int) -> int:
        """How many of ``width`` may be under way: so few that not more can fail than it takes to be down."""
        if self.proven and not self.failures:
            return width
        return min(width, max(1, DOWN_AFTER_FAILURES - self.failures))

    def reason_to_skip(self, now: float) -> str | None:
        """Why the next request is not sent, while the port is taken to be down."""
        if self.fault is None or now >= self.down_until:
            return None
        return f"it took no connection {self.failures} times in a row ({self.fault.detail})"
