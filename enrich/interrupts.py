"""SIGINT and SIGTERM: how a program ends well by them, and how a run hears them.

Importing enrich changes no handler; only the command line does, and a run that was told to take signals.

What surprised us: an event loop that hears signals hears them between two of its steps, so that whoever reads a note of
60,000 links was heard seconds late. So Python's own handler stays, which is called between two instructions. And one
Ctrl-C may come twice: `timeout` signals its child and then the whole group, npm and others pass on what the terminal
has sent already.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from socket import socket

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Whoever presses a key again takes longer.
SAME_SECONDS = 0.1
_MANY_SIGNALS = 4096

Row = TypeVar("Row")
Handler = Callable[[int, FrameType | None], object]


class Interrupted(KeyboardInterrupt):
    """The signal with this number ended the work before there was anything to give."""

    def __init__(self, signal_number: int) -> None:
        super().__init__()
        self.signal_number = signal_number


def exit_code_of(error: KeyboardInterrupt) -> int:
    """The exit code by which shells know a signal: 130 or 143."""
    return 128 + (error.signal_number if isinstance(error, Interrupted) else signal.SIGINT)


class Ears:
    """What a run has heard. ``heard`` is told of the first signal; the second ends the process."""

    def __init__(self, heard: Callable[[int], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._heard = heard
        self._clock = clock
        self._number: int | None = None
        self._since = 0.0
        self._at_once = False

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """While it lasts, the first signal raises Interrupted wherever the work stands. For long work without a trace."""
        self._at_once = True
        try:
            if self._number is not None:
                raise Interrupted(self._number)
            yield
        finally:
            self._at_once = False

    def hear(self, number: int, _frame: FrameType | None = None) -> None:
        """The handler of a signal."""
        if self._number is not None:
            if self._clock() - self._since < SAME_SECONDS:
                return
            _show_cursor()
            _remove_halves()
            os._exit(128 + number)
        self._number, self._since = number, self._clock()
        self._heard(number)
        if self._at_once:
            raise Interrupted(number)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While it lasts, signals are heard that are not ignored; in the main thread, in an event loop."""
        if os.name == "nt":
            # Windows has no signals for event loops; Ctrl-C raises KeyboardInterrupt there.
            yield
            return
        import asyncio

        with _waking(asyncio.get_running_loop()), _handled_by(self.hear, SIGNALS):
            yield


@contextmanager
def _handled_by(handler: Handler, numbers: Iterable[signal.Signals]) -> Iterator[None]:
    """While it lasts, signals have this handler. What is ignored stays so: whoever began the program wants that."""
    before = [(number, signal.getsignal(number)) for number in numbers]
    heeded = [(number, its) for number, its in before if its is not signal.SIG_IGN]
    for number, _ in heeded:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, its in heeded:
            signal.signal(number, its)


@contextmanager
def _waking(loop: AbstractEventLoop) -> Iterator[None]:
    """While it lasts, a signal wakes the loop up, whichever thread the system gave it to.

    Not by the loop's own handlers: it has one for each signal, and would forget that of the program around us.
    """
    import socket

    heard, tells = socket.socketpair()
    with heard, tells:
        heard.setblocking(False)
        tells.setblocking(False)
        before = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
        loop.add_reader(heard, _pass_on, heard, before)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(heard)
            _pass_on(heard, before)


def _pass_on(heard: socket, before: int) -> None:
    """Tell whoever was woken up by signals before of those that are not ours."""
    with suppress(BlockingIOError):
        others = bytes(number for number in heard.recv(_MANY_SIGNALS) if number not in SIGNALS)
        if others and before != -1:
            os.write(before, others)


_halves: set[str] = set()


@contextmanager
def removed_in_the_end(path: str) -> Iterator[None]:
    """While it lasts a file may be there, and is removed however this ends, at once included."""
    _halves.add(path)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)
        _halves.discard(path)


def _remove_halves() -> None:
    for path in list(_halves):
        with suppress(OSError):
            os.unlink(path)


def _show_cursor() -> None:
    """What is drawn on a terminal hides its cursor, and whoever ends at once has no time to end that."""
    if os.isatty(2) and os.environ.get("TERM", "dumb") not in ("dumb", "unknown"):
        with suppress(OSError):
            os.write(2, b"\x1b[?25h\n")


@contextmanager
def raising() -> Iterator[None]:
    """While it lasts, SIGINT raises KeyboardInterrupt at once, and not when an event loop comes round.

    For long work in a loop before anything is open; in the main thread.
    """
    if getattr(signal.getsignal(signal.SIGINT), "__func__", None) is Ears.hear:
        # As the whole program has it.
        yield
        return
    with _handled_by(signal.default_int_handler, [signal.SIGINT]):
        yield


def heeding(rows: Callable[[], Iterable[Row]], heed: Callable[[], None]) -> Callable[[], Iterator[Row]]:
    """The same rows, ``heed`` being called before each of them; it may raise Interrupted."""

    def heeded() -> Iterator[Row]:
        for row in rows():
            heed()
            yield row

    return heeded


# --- the whole program ------------------------------------------------------------------------------


def leave_at_once() -> None:
    """Have a signal end the process without a word: there is nothing yet, or nothing any more, to be ended well.

    What is ignored stays so, as it is for a program that a script has put into the background.
    """
    _remove_halves()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def leave_well() -> None:
    """Have a signal raise Interrupted, so that whatever is open is closed, half a file of ours removed.

    It is raised once: what is being closed would else be left open by the same Ctrl-C, and a traceback be shown.
    """
    usual = (signal.SIG_DFL, signal.default_int_handler)
    once = Ears(_interrupted)
    for number in SIGNALS:
        if signal.getsignal(number) in usual:
            signal.signal(number, once.hear)


def _interrupted(number: int) -> None:
    raise Interrupted(number)


def drop_output() -> None:
    """Let go of what is still to be printed: its reader may be gone by the same Ctrl-C, or never take it."""
    with suppress(AttributeError, OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
