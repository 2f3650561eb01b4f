"""Progress on standard error: a bar and the slowest hosts on a terminal, a line now and then elsewhere.

A line with ``-v`` says *checked* only after the result was stored, so that whoever reads it may rely on it
after a kill. Without a terminal the pause between two lines doubles up to an hour: somebody reads them in a log
or a mail, and a night of WeChat articles would fill it otherwise.
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self, TextIO

from enrich.backlog import Ahead, Workload, slowest
from enrich.bounds import WORTH_TELLING_SECONDS, Bound, Estimate, rough, told
from enrich.model import CheckResult, Shown, Status, Target, TargetState
from enrich.spelling import numbered
from enrich.text import fill, joined, printable

if TYPE_CHECKING:
    from enrich.live import Foot

FIRST_LINE_SECONDS = 60.0
LONGEST_SILENCE_SECONDS = 3600.0
# So many hosts have a line of their own.
HOSTS_SHOWN = 4
FORETOLD_SHOWN = 5
# Drawing may take this share of the processor; who has thousands of hosts sees them less often, but never so seldom
# that a run seems to stand still.
DRAWING_SHARE = 0.01
LEAST_PAUSE_SECONDS = 0.4
LONGEST_PAUSE_SECONDS = 5.0
# Over about so many seconds the rate of answers is taken.
RATE_SECONDS = 10.0


def traceback_lines(error: BaseException) -> Iterator[Shown]:
    """Where a mistake of ours was met, line by line; its message may quote anybody."""
    import traceback

    for block in traceback.format_exception(error):
        for line in block.rstrip("\n").split("\n"):
            yield printable(line)


class Outlook:
    """When the run ends as far as can be told: by the slowest host, and by the rate of the others."""

    def __init__(self, started: float, ends_at: float, foretold_seconds: float | None = None) -> None:
        """``foretold_seconds`` is what the slowest host needs, where that is known before it is asked."""
        self._estimate = Estimate()
        if foretold_seconds is not None:
            self._estimate = self._estimate.seen(started, min(foretold_seconds, ends_at - started))
        self._seen_at, self._seen = started, 0
        self._rate = 0.0
        self._ends_at = ends_at

    def seconds(self, now: float, done: int, ahead: Sequence[Ahead], not_begun: int) -> float:
        """How long it takes from ``now``, when so much is done and that is ahead, the slowest first."""
        if not ahead:
            # Nobody is asked as yet, or nobody any more.
            return self._estimate.seconds(now)
        self._measure(now, done)
        bound = ahead[0].seconds
        rest = not_begun + sum(one.left for one in ahead if one.seconds <= WORTH_TELLING_SECONDS)
        by_rate = rest / self._rate if self._rate > 0 else 0.0
        self._estimate = self._estimate.seen(now, min(max(bound, by_rate), self._ends_at - now))
        return self._estimate.seconds(now)

    def _measure(self, now: float, done: int) -> None:
        passed = now - self._seen_at
        if passed > 0:
            weight = 1 - math.exp(-passed / RATE_SECONDS)
            self._rate += weight * ((done - self._seen) / passed - self._rate)
            self._seen_at, self._seen = now, done


class Display(AbstractContextManager["Display"]):
    """Shows what is counted. ``live`` draws on a terminal, ``plain`` prints a line now and then, ``lines`` one for
    each counted target. ``clock`` is monotonic; ``spent`` is the processor time of this thread, since a busy machine
    makes a drawing late and not dear."""

    def __init__(
        self,
        *,
        live: bool,
        plain: bool,
        lines: bool,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        self._stream = stream or sys.stderr
        self._live, self._plain, self._lines = live, plain, lines
        self._clock, self._spent = clock, spent
        self._counts: Counter[str] = Counter()
        self._done = self._due = 0
        self._deadline = math.inf
        self._foretold_seconds: float | None = None
        self._workload: Workload | None = None
        self._outlook: Outlook | None = None
        self._foot: Foot | None = None
        self._silence = FIRST_LINE_SECONDS
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.watch(None)

    # --- what the pipeline reports -------------------------------------------------------------------

    def warned(self, message: str) -> None:
        self._say(fill("warning: {}", printable(message)))

    def said(self, message: str) -> None:
        if self._live or self._plain:
            self._say(printable(message))

    def planned(self, due: int) -> None:
        self._due = due

    def foretold(self, bounds: Sequence[Bound], deadline_seconds: float | None) -> None:
        """Say which hosts will take long, before they do; in a log the slowest is enough."""
        self._deadline = math.inf if deadline_seconds is None else deadline_seconds
        self._foretold_seconds = max((bound.seconds for bound in bounds), default=None)
        most = FORETOLD_SHOWN if self._live else 1 if self._plain else 0
        for bound in bounds[:most]:
            self._say(printable(told(bound, deadline_seconds)))
        if most and len(bounds) > most:
            one, many = "more host takes longer than a minute", "more hosts take longer than a minute each"
            self._say(printable(numbered(len(bounds) - most, one, many)))

    def watch(self, workload: Workload | None) -> None:
        self._workload = workload
        now = self._clock()
        if workload is not None:
            self._outlook = Outlook(now, now + self._deadline, self._foretold_seconds)
            self._next = now if self._live else now + self._silence
            if self._live:
                from enrich.live import Foot

                self._foot = Foot(self._stream)
        elif self._foot is not None:
            # Before anything else is printed: a report goes to standard output, which may be the same terminal.
            self._foot.stop()
            self._foot = None

    def counted(self, result: CheckResult, state: TargetState) -> None:
        status = state.status or Status.SKIPPED
        self._counts[status] += 1
        self._done += 1
        if self._lines:
            reason = printable(state.reason or "")
            self._say(fill("checked {} {} {}", status, reason, printable(result.target_id)))

    def tick(self) -> None:
        """Draw, or say something, if it is time."""
        now = self._clock()
        if now < self._next or self._workload is None:
            return
        if self._foot is not None:
            before = self._spent()
            self._draw(self._foot, self._workload, now)
            pause = (self._spent() - before) / DRAWING_SHARE
            self._next = now + min(max(LEAST_PAUSE_SECONDS, pause), LONGEST_PAUSE_SECONDS)
        elif self._plain:
            hosts, left = self._look(self._workload, now)
            slow = fill("; {}", printable(hosts[0].told)) if hosts else fill("")
            self._say(
                fill("{} of {} asked{}: {}{}", self._done, self._total(), left, self._summary(), slow)
            )
            self._silence = min(2 * self._silence, LONGEST_SILENCE_SECONDS)
            self._next = now + self._silence

    def waiting(self, seconds: float) -> None:
        if self._live or self._plain:
            self._say(fill("the network seems to be down: waiting for it, {:.0f} s at most", seconds))

    def broke(self, target: Target, error: Exception) -> None:
        self._say(fill("internal error at {}:", printable(target.id)))
        for line in traceback_lines(error):
            self._say(fill("  {}", line))

    # --- drawing -------------------------------------------------------------------------------------

    def _say(self, line: Shown) -> None:
        if self._foot is not None:
            self._foot.say(line)
        else:
            print(line, file=self._stream, flush=True)

    def _draw(self, foot: Foot, workload: Workload, now: float) -> None:
        from enrich.live import Picture

        hosts, left = self._look(workload, now)
        summary = fill(": {}", self._summary()) if self._counts else fill("")
        busy = [printable(one.told, 200) for one in hosts if one.lane is not None]
        picture = Picture(self._done, self._total(), fill("{}{}", left, summary), busy[:HOSTS_SHOWN])
        foot.draw(picture)

    def _look(self, workload: Workload, now: float) -> tuple[list[Ahead], Shown]:
        """The hosts that something is left for, the slowest first, and how long the run takes."""
        hosts = slowest(workload)
        assert self._outlook is not None, "made with the workload"
        seconds = self._outlook.seconds(now, self._done, hosts, workload.backlog.ahead)
        left = fill(", about {} left", printable(rough(seconds))) if seconds >= 1 else fill("")
        return hosts, left

    def _total(self) -> int:
        """How many are asked in this run; what was put off is not, and what became due again is asked twice."""
        put_off = self._workload.backlog.put_off if self._workload else 0
        return max(self._done, self._due - put_off)

    def _summary(self) -> Shown:
        known = (status for status in Status if self._counts[status])
        return joined(", ", (fill("{:,} {}", self._counts[status], status) for status in known))
