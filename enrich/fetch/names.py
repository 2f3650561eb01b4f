"""Host names: the system's resolver, and what it said remembered for one run.

A run asks thousands of links on one name, and a connection for each of them used to cost a look-up in a thread.
An answer is remembered for a minute; who asks for a name that is being looked up waits for that answer. Failures
are shared with those who wait and then forgotten: a resolver in trouble may be well a second later, and the second
look at a name that does not exist is worth something only if the question is really asked again.

A resolver that does not answer holds its thread for half a minute, and nothing can call it back. Python waits for all
threads of a pool before it ends, so that a run whose report was long written seemed to hang: look-ups have threads that
nobody waits for.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, zip_longest
from threading import Thread
from time import monotonic
from typing import TypeVar

import anyio

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host name and port to the addresses behind it, in order of preference; raises socket.gaierror."""

_T = TypeVar("_T")

REMEMBERED_SECONDS = 60.0

# asyncio's own pool for look-ups has as few as five threads: five dead names would hold up all others.
_LOOKUP_THREADS = 64

# RFC 8305 section 8 leaves open how many addresses are worth trying.
_MOST_ADDRESSES = 6

# A run over millions of hosts must not remember them all: a name costs about half a kilobyte.
_MOST_NAMES = 20_000


def system_resolver() -> Resolve:
    """The operating system's resolver, in threads of its own."""
    limiter = anyio.CapacityLimiter(_LOOKUP_THREADS)

    async def resolve(host: str, port: int) -> list[str]:
        # As bytes, since Python's IDNA codec raises on labels (`a..b`) that the resolver simply does not know.
        name = host.encode("ascii")
        async with limiter:
            found = await _in_own_thread(partial(socket.getaddrinfo, name, port, type=socket.SOCK_STREAM))
        if isinstance(found, OSError):
            raise _again(found)
        return [str(info[4][0]) for info in found]

    return resolve


async def _in_own_thread(call: Callable[[], _T]) -> _T | OSError:
    """What ``call`` gives, or the OSError that it raises, by a thread that is left to itself once nobody waits for it.

    The error is a value, since one that is raised from here knows the frame in which it lies, in a circle.
    """
    future: Future[_T | OSError] = Future()
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            future.set_result(call())
        except OSError as error:
            future.set_result(_again(error))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=work, name="look-up", daemon=True).start()
    return await asyncio.wrap_future(future)


def alternate(addresses: Iterable[str]) -> list[str]:
    """Addresses without repeats, the two families in turn (RFC 8305 section 4), the first family leading."""
    unique = list(dict.fromkeys(addresses))
    lead = [each for each in unique if (":" in each) == (":" in unique[0])]
    rest = [each for each in unique if each not in lead]
    return [each for each in chain.from_iterable(zip_longest(lead, rest)) if each][:_MOST_ADDRESSES]


@dataclass(slots=True)
class _LookUp:
    """A look-up on its way, for those who wait for it. Neither found nor failed when its asker gave up."""

    done: anyio.Event = field(default_factory=anyio.Event)
    found: Sequence[str] | None = None
    failure: OSError | None = None


class RememberedNames:
    """A resolver in front of another that asks it once a minute for each name."""

    def __init__(self, resolve: Resolve, clock: Callable[[], float] = monotonic) -> None:
        self._resolve = resolve
        self._clock = clock
        self._known: dict[str, tuple[float, Sequence[str]]] = {}
        self._under_way: dict[str, _LookUp] = {}

    async def look_up(self, host: str, port: int) -> Sequence[str]:
        """The addresses behind a name; raises the OSError (socket.gaierror) of the resolver."""
        while True:
            until, addresses = self._known.get(host, (0.0, ()))
            if self._clock() < until:
                return addresses
            under_way = self._under_way.get(host)
            if under_way is None:
                return await self._ask(host, port)
            await under_way.done.wait()
            if under_way.failure is not None:
                raise _again(under_way.failure)
            if under_way.found is not None:
                return under_way.found

    async def _ask(self, host: str, port: int) -> Sequence[str]:
        mine = self._under_way[host] = _LookUp()
        try:
            mine.found = await self._resolve(host, port)
            self._remember(host, mine.found)
        except OSError as error:
            mine.failure = error
            raise
        finally:
            del self._under_way[host]
            mine.done.set()
        return mine.found

    def _remember(self, host: str, addresses: Sequence[str]) -> None:
        self._known.pop(host, None)
        if len(self._known) >= _MOST_NAMES:
            del self._known[next(iter(self._known))]
        self._known[host] = (self._clock() + REMEMBERED_SECONDS, addresses)


def _again(error: OSError) -> OSError:
    """The same failure for another asker: one exception raised by many tasks would gather all their frames."""
    return type(error)(*error.args)
