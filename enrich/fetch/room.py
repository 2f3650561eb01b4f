"""How many connections there is room for.

A limit over all hosts protects nobody but ourselves: what a host is asked is bounded by its own lane. So with many
hosts there may be more under way, and what bounds that is how many files a process may have open. The usual bound is
1,024, with leave to raise it, which is older than any network program of today; what starts other programs that
count on it (select) would have to lower it again, and we start git alone, which does not.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque

import anyio

# More questions under way than that gained nothing over 500 hosts, and each takes memory.
MOST_AT_ONCE = 1024
# Two for each host on average: few hosts answer so slowly that all four places of each are taken.
EACH = 2
# Idle connections, the cache, names that are looked up, and what the surrounding program has open.
FILES_FOR_OTHERS = 768
# What a run has open beside its connections: the cache, its log, notes, lookups of names, Python's own.
FILES_AT_REST = 64
_ENOUGH_FILES = FILES_FOR_OTHERS + MOST_AT_ONCE + 256


def at_once(least: int, most: int, hosts: int) -> int:
    """How many questions may be under way with so many hosts."""
    return max(least, min(most, EACH * hosts))


def most_at_once(files: int | None) -> int:
    """How many questions there is ever room for, with so many open files; None where nobody counts them."""
    return MOST_AT_ONCE if files is None else min(MOST_AT_ONCE, max(0, files - FILES_FOR_OTHERS))


def fitting(wanted: int, files: int | None) -> int:
    """So many questions under way, or connections that are kept, as so few open files allow: each may take half.

    Without that, our own want of files would look like hosts that take no connection.
    """
    return wanted if files is None else max(1, min(wanted, (files - FILES_AT_REST) // 2))


def open_files() -> int | None:
    """How many files this process may have open; None where that cannot be told."""
    if sys.platform == "win32":
        return None
    import resource

    return _count(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def make_room() -> None:
    """Let this process open as many files as there may be connections, as far as the system gives leave."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    leave = _count(hard)
    wanted = _ENOUGH_FILES if leave is None else min(_ENOUGH_FILES, leave)
    if (now := _count(soft)) is not None and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _count(limit: int) -> int | None:
    import resource

    return None if limit == resource.RLIM_INFINITY else limit


class Room:
    """Places for questions under way over all hosts; who finds none free waits, first come, first served.

    It does what anyio's CapacityLimiter does. That makes an event and two sets of borrowers for every wait, and looks
    for the running task each time, which made a fifteenth of a run in which all places are always taken.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def widen(self, places: int) -> None:
        """Let more be under way, and whoever waits for that begin."""
        self._places = max(self._places, places)
        self._let_in()

    def acquire_on_behalf_of_nowait(self, borrower: object) -> None:
        """Take a place; raises anyio.WouldBlock where none is free, or others wait for one."""
        if self._taken >= self._places or self._waiting:
            raise anyio.WouldBlock
        self._taken += 1

    async def acquire_on_behalf_of(self, borrower: object) -> None:
        """Take a place once one is free."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._let_in()
        try:
            await turn
        except BaseException:
            if not turn.cancelled():
                # The place came in the same moment.
                self.release_on_behalf_of(borrower)
            raise

    def release_on_behalf_of(self, borrower: object) -> None:
        """Give a place to whoever waits longest."""
        self._taken -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._taken < self._places:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self._taken += 1
                turn.set_result(None)
