"""A terminal for tests: what a program draws on standard error, as a person would see it.

Standard output goes to a file, so that a test sees which of the two a line went to.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyte


class Terminal(io.StringIO):
    """A terminal in memory that a program of this process draws on."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        super().__init__()
        self._screen = pyte.Screen(columns, rows)
        self._feed = pyte.Stream(self._screen)
        self.written = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written += text
        self._feed.feed(text.replace("\n", "\r\n"))
        return len(text)

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display if line.strip()]


def on_terminal(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    output: Path,
    size: tuple[int, int] = (100, 24),
    seen: Callable[[Sequence[str]], bool] = lambda _lines: False,
) -> Iterator[list[str]]:
    """The lines of a terminal each time that something new is on it, until the program ends, and once more then.

    Once ``seen`` is true of them, the program is interrupted as by Ctrl-C, so that a test need not guess how long it
    takes until it shows what is waited for.
    """
    columns, rows = size
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    screen = pyte.Screen(columns, rows)
    feed = pyte.ByteStream(screen)
    with output.open("wb") as stdout:
        process = subprocess.Popen(
            command, cwd=folder, env=dict(env), stdin=theirs, stdout=stdout, stderr=theirs
        )
    os.close(theirs)
    limit, is_over, lines = time.monotonic() + 300, False, list[str]()
    try:
        while (part := _read(ours)) is not None:
            assert time.monotonic() < limit, (
                f"interrupted: {is_over}; after 300 s the terminal shows {lines}"
            )
            if part:
                feed.feed(part)
                lines = [line.rstrip() for line in screen.display if line.strip()]
                yield lines
                if not is_over and seen(lines):
                    is_over = True
                    process.send_signal(signal.SIGINT)
        assert process.wait(120) is not None
        yield [line.rstrip() for line in screen.display if line.strip()]
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(terminal: int) -> bytes | None:
    """What was written meanwhile; None once the program has closed its end."""
    if not select.select([terminal], [], [], 0.1)[0]:
        return b""
    try:
        return os.read(terminal, 65536) or None
    except OSError:
        return None
