"""Standard output and standard error, made fit for a program that is to do its work whoever listens.

What is said on standard error is no data. Where its reader has had enough (`… 2>&1 | head`), its disk is full, or the
terminal is gone, a run went down with the first remark, without a report, and its exit code looked like that of broken
links. A stream that was closed before we began (`2>&-`) is None for Python, and a number that the next file takes.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STANDARD = (0, 1, 2)


def prepare() -> None:
    """Have both streams there, in UTF-8, and remarks that end no run."""
    _fill_closed()
    for stream in (sys.stdout, sys.stderr):
        # Notes are in any language, whatever the terminal's code page says.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.stderr = heedless(sys.stderr)


def _fill_closed() -> None:
    """Lead what was closed to nowhere, before a file of ours gets its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) in _STANDARD:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdout = sys.stdout or _stream(1)
    sys.stderr = sys.stderr or _stream(2)


def _stream(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", closefd=False)


class _Heedless(io.FileIO):
    """A file that leads to nowhere once it cannot be written to."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(data).nbytes


def heedless(stream: TextIO) -> TextIO:
    """The same stream, which drops what cannot be written; as it is where it is no plain file, such as a console of
    Windows."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if type(raw) is not io.FileIO:
        return stream
    stream.flush()
    file = _Heedless(raw.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(file), encoding="utf-8", errors="backslashreplace", line_buffering=True
    )
