"""Progress on standard error: a live bar on a terminal, a line a minute elsewhere.

A line with ``-v`` says *checked* only after the result was stored, so that whoever reads it may rely on it
after a kill.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self, TextIO

from enrich.model import CheckResult, Shown, Status, Target, TargetState
from enrich.text import fill, joined, printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from enrich.fetch.client import Fetcher

QUIET_LINE_SECONDS = 60.0
SLOWEST_SHOWN = 3


def traceback_lines(error: BaseException) -> Iterator[Shown]:
    """Where a mistake of ours was met, line by line; its message may quote anybody."""
    import traceback

    for block in traceback.format_exception(error):
        for line in block.rstrip("\n").split("\n"):
            yield printable(line)


class Display(AbstractContextManager["Display"]):
    """Shows what is counted. ``live`` draws a bar; ``lines`` prints one line per counted target."""

    def __init__(self, *, live: bool, plain: bool, lines: bool, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live, self._plain, self._lines = live, plain, lines
        self._counts: Counter[str] = Counter()
        self._due = 0
        self._fetcher: Fetcher | None = None
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    # --- what the pipeline reports -------------------------------------------------------------------

    def warned(self, message: str) -> None:
        self._say(fill("warning: {}", printable(message)))

    def planned(self, due: int, total: int) -> None:
        self._due = total
        if self._live and due:
            self._start_bar(due)

    def watch(self, fetcher: Fetcher | None) -> None:
        self._fetcher = fetcher

    def counted(self, result: CheckResult, state: TargetState) -> None:
        status = state.status or Status.SKIPPED
        self._counts[status] += 1
        if self._lines:
            reason = printable(state.reason or "")
            self._say(fill("checked {} {} {}", status, reason, printable(result.target_id)))
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, counts=self._summary(), hosts=self._slowest())
        elif self._plain and time.monotonic() - self._last_line >= QUIET_LINE_SECONDS:
            self._last_line = time.monotonic()
            asked, summary, hosts = sum(self._counts.values()), self._summary(), self._slowest()
            self._say(fill("{} of {} asked: {}{}", asked, self._due, summary, hosts))

    def waiting(self, seconds: float) -> None:
        if self._live or self._plain:
            self._say(fill("the network seems to be down: waiting for it, {:.0f} s at most", seconds))

    def broke(self, target: Target, error: Exception) -> None:
        self._say(fill("internal error at {}:", printable(target.id)))
        for line in traceback_lines(error):
            self._say(fill("  {}", line))

    # --- drawing -------------------------------------------------------------------------------------

    def _say(self, line: Shown) -> None:
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=self._stream, flush=True)

    def _start_bar(self, due: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("asking"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[counts]}{task.fields[hosts]}", markup=False),
            console=Console(file=self._stream),
            transient=True,
        )
        self._task = self._bar.add_task("asking", total=due, counts="", hosts="")
        self._bar.start()

    def _summary(self) -> Shown:
        known = (status for status in Status if self._counts[status])
        return joined(", ", (fill("{} {}", self._counts[status], status) for status in known))

    def _slowest(self) -> Shown:
        """The hosts that others would be waiting for, if hosts waited for each other."""
        if self._fetcher is None:
            return fill("")
        lanes = [
            (lane.average_seconds, host)
            for host, lane in self._fetcher.lanes().items()
            if lane.waiting and lane.average_seconds is not None
        ]
        slow = sorted(lanes, reverse=True)[:SLOWEST_SHOWN]
        return joined("", (fill("  {} {:.1f} s", printable(host), seconds) for seconds, host in slow))
