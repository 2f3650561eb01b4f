"""A few lines at the foot of a terminal that are drawn again and again.

rich does the terminal's part: width, colour or none (``NO_COLOR``), and lines printed above. What surprised us: its
own progress bar redraws ten times a second in a thread, which costs a crawl a twentieth of a processor, and while it
is there it takes standard output for itself, so that a report would have gone to the terminal in place of a file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from enrich.model import Shown

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live

BAR_WIDTH = 24
# Below this a bar would leave no room for its figures.
NARROW = 50


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn: how much is done, what is told beside the bar, and lines below it."""

    done: int
    total: int
    told: Shown
    lines: Sequence[Shown] = ()


class Foot:
    """The foot of a terminal. ``stop`` wipes it, so that nothing of it stays behind."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        # Asks the terminal for its size each time; the environment knows at most the first one.
        self._console = Console(file=stream, markup=False, highlight=False, emoji=False)
        self._size = self._console.size
        self._live: Live | None = None

    def draw(self, picture: Picture) -> None:
        if self._live is not None and self._console.size != self._size:
            # Where the old lines are now, only the terminal knows: what was drawn is wiped as well as it can be.
            self.stop()
        if self._live is None:
            self._live = self._begun()
        self._live.update(_rendered(picture, self._console), refresh=True)

    def _begun(self) -> Live:
        from rich.live import Live

        self._size = self._console.size
        live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def say(self, line: Shown) -> None:
        """A line that stays, above what is drawn."""
        self._console.print(line, soft_wrap=True)

    def stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _rendered(picture: Picture, console: Console) -> Group:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    def line(text: str) -> Text:
        return Text(text, no_wrap=True, overflow="ellipsis")

    first = Table.grid(padding=(0, 1), expand=False)
    told = line(f"{picture.done:,} of {picture.total:,}{picture.told}")
    if console.width < NARROW:
        first.add_row(told)
    else:
        bar = ProgressBar(total=max(1, picture.total), completed=picture.done, width=BAR_WIDTH)
        first.add_row(bar, told)
    room = max(0, console.height - 2)
    return Group(first, *(line(f"  {one}") for one in picture.lines[:room]))


def is_drawable(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal that lines can be drawn on again; a job of a CI service is none.

    rich draws nothing where ``TTY_COMPATIBLE`` or ``TTY_INTERACTIVE`` is 0, so that lines are wanted there, too.
    """
    dumb = environ.get("TERM", "").lower() in ("dumb", "unknown")
    refused = "0" in (environ.get("TTY_COMPATIBLE"), environ.get("TTY_INTERACTIVE"))
    is_job = environ.get("CI", "").lower() not in ("", "0", "false")
    return stream.isatty() and not (dumb or refused or is_job)
