"""The same work on many batches, shared among processes, with the results in order.

Not the standard library's pool: that one needs threads beside the processes, keeps this process idle, and queues
without a bound. Here this process works too, since another interpreter would cost as much memory again, and each
worker has a few batches ahead and no more, so that memory stays flat however many there are.

A worker takes batches while it works, in a thread: else one that sends a great result would wait for this process
to take it, which would wait for the worker to take a great batch, for ever.

An interrupt reaches every process of the terminal; workers leave it to this one, which ends them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

if TYPE_CHECKING:
    from multiprocessing.context import SpawnContext

Batch = TypeVar("Batch")
Result = TypeVar("Result")

# One that is worked on, and enough to go on with until this process looks again.
BATCHES_AHEAD = 5
# Results that wait for an earlier one.
MOST_RESULTS = 32

# A fork has everything loaded and shares its memory. Elsewhere it is not safe, or not there.
FORKS = sys.platform == "linux"
_LENGTH_BYTES = 8
PIPE_BYTES = 1 << 20


class _Line(Protocol):
    """One end of a connection between two processes, through which whatever can be pickled goes."""

    def send(self, message: Any, /) -> None: ...
    def recv(self) -> Any: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Worker:
    """A process that works for this one; ``end`` ends it."""

    line: _Line
    end: Callable[[], None]
    waiting: int = 0


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    batches: Iterable[Batch], work: Callable[[Batch], Result], processes: int
) -> Generator[Result, None, None]:
    """``work`` of every batch, in the order of the batches; this process is one of the ``processes``.

    An error in a worker is raised here as RuntimeError with its traceback. ``work``, batches and results
    must be things that can be pickled. Batches are taken when their turn comes, so that making them is shared, too.
    """
    coming = iter(batches)
    first = list(islice(coming, processes))
    if len(first) < 2:
        yield from map(work, chain(first, coming))
        return
    with _workers(work, len(first) - 1) as workers:
        yield from _collected(enumerate(chain(first, coming)), work, workers)


def _collected(
    numbered: Iterator[tuple[int, Batch]], work: Callable[[Batch], Result], workers: list[_Worker]
) -> Generator[Result, None, None]:
    results: dict[int, Result] = {}
    shown = 0
    while True:
        for worker in workers:
            for batch in islice(numbered, BATCHES_AHEAD - worker.waiting):
                worker.line.send(batch)
                worker.waiting += 1
        mine = next(numbered, None)
        if mine is not None:
            results[mine[0]] = work(mine[1])
        elif not any(worker.waiting for worker in workers):
            return
        is_idle = mine is None or len(results) > MOST_RESULTS
        _receive(workers, results, is_idle=is_idle and shown not in results)
        while shown in results:
            yield results.pop(shown)
            shown += 1


def _receive(workers: list[_Worker], results: dict[int, Result], *, is_idle: bool) -> None:
    """Take what the workers have done; when there is nothing else to do, wait until one has."""
    by_line = {worker.line: worker for worker in workers if worker.waiting}
    while by_line and (ready := _ready(list(by_line), None if is_idle else 0)):
        is_idle = False
        for line in ready:
            number, result, failure = line.recv()
            if failure is not None:
                raise RuntimeError(f"a worker failed:\n{failure}")
            results[number] = result
            by_line[line].waiting -= 1
            if not by_line[line].waiting:
                del by_line[line]


def _ready(lines: list[_Line], timeout: float | None) -> list[_Line]:
    """Those through which something has come, after waiting so many seconds, or without end for None."""
    if FORKS:
        import select

        return select.select(lines, [], [], timeout)[0]
    from multiprocessing.connection import Connection, wait

    return [line for line in wait(lines, timeout) if isinstance(line, Connection)]  # type: ignore[arg-type]


# --- workers ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _workers(work: Callable[[Any], Any], count: int) -> Iterator[list[_Worker]]:
    workers: list[_Worker] = []
    start = _forked if FORKS else _spawned
    try:
        with interrupts_blocked():
            workers.extend(start(work) for _ in range(count))
        yield workers
    finally:
        for worker in workers:
            worker.end()
            worker.line.close()


@contextlib.contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Block interrupts while processes start, so that none meets one which does not ignore them yet.

    A terminal sends Ctrl-C to all of them at once. What a thread blocks is inherited by the threads and processes that it
    starts.
    """
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _help(line: _Line, work: Callable[[Any], Any]) -> None:
    """Work on what comes until nobody wants it any more."""
    import signal
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not the handler of this process, which tells how it ends.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    coming: SimpleQueue[tuple[int, Any] | None] = SimpleQueue()
    Thread(target=_take, args=(line, coming), daemon=True).start()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while (numbered := coming.get()) is not None:
            line.send(_answer(*numbered, work))


def _take(line: _Line, coming: SimpleQueue[tuple[int, Any] | None]) -> None:
    """Take batches as they come; None is the end."""
    with contextlib.suppress(EOFError, ConnectionResetError):
        while True:
            coming.put(line.recv())
    coming.put(None)


def _answer(
    number: int, batch: Batch, work: Callable[[Batch], Result]
) -> tuple[int, Result | None, str | None]:
    try:
        return number, work(batch), None
    except Exception:
        import traceback

        return number, None, traceback.format_exc()


# --- by a fork --------------------------------------------------------------------------------------


def _forked(work: Callable[[Any], Any]) -> _Worker:
    """A worker that begins as a copy of this process.

    Not through ``multiprocessing``: loading it takes nine milliseconds, in which no processor does any work.
    """
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    _widen(theirs_out)
    if (process := os.fork()) == 0:
        # As long as the worker holds these ends too, it would not learn that its parent is gone.
        os.close(ours_in)
        os.close(ours_out)
        _help_and_leave(_Pipes(theirs_in, theirs_out), work)
    os.close(theirs_in)
    os.close(theirs_out)

    def end() -> None:
        import signal

        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)

    return _Worker(_Pipes(ours_in, ours_out), end)


def _widen(pipe: int) -> None:
    """Room for the results of several batches: one that this process has no time to take holds the worker up.

    64 KiB, which a pipe has else, cost a worker a sixth of its time over 100 MB of notes. Whoever has many wide pipes
    already gets no more of them (pipe(7)), and what is a little slower works as well.
    """
    import fcntl

    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _help_and_leave(line: _Line, work: Callable[[Any], Any]) -> NoReturn:
    """Nothing of what the parent would do behind its call may be done here, whatever happens."""
    try:
        _help(line, work)
        os._exit(0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)


class _Pipes:
    """A line of two pipes; each message has its length in front."""

    __slots__ = ("_incoming", "_outgoing")

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def fileno(self) -> int:
        return self._incoming

    def send(self, message: Any, /) -> None:
        import pickle

        pickled = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        rest = memoryview(len(pickled).to_bytes(_LENGTH_BYTES, "little") + pickled)
        while rest:
            rest = rest[os.write(self._outgoing, rest) :]

    def recv(self) -> Any:
        import pickle

        length = int.from_bytes(self._exactly(_LENGTH_BYTES), "little")
        return pickle.loads(self._exactly(length))  # noqa: S301 - from a process of our own

    def _exactly(self, length: int) -> bytearray:
        data = bytearray()
        while len(data) < length:
            if not (piece := os.read(self._incoming, length - len(data))):
                raise EOFError("the other process is gone")
            data += piece
        return data

    def close(self) -> None:
        os.close(self._incoming)
        os.close(self._outgoing)


# --- by a new interpreter ---------------------------------------------------------------------------


def _spawned(work: Callable[[Any], Any]) -> _Worker:
    import multiprocessing

    context: SpawnContext = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_help, args=(theirs, work), daemon=True)
    process.start()
    theirs.close()

    def end() -> None:
        process.terminate()
        process.join()

    return _Worker(ours, end)
