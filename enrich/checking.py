"""Targets to verdicts: a lane per host.

Each host has a task of its own that waits only for itself, so that one slow host delays nobody else. How
often and how many at a time is kept by the fetch layer; what the answers mean, by `enrich.judging`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import anyio
from anyio.abc import TaskGroup

from enrich.asking import Asking
from enrich.backlog import Queue
from enrich.bounds import gap_of
from enrich.judging import check_one
from enrich.model import Manners, Status
from enrich.store.protocol import DueTarget
from enrich.store.recorder import DEFERRED, Asked
from enrich.turns import is_refusal

# Hosts whose tasks exist at the same time; more only wait for memory's sake.
HOSTS_AT_ONCE = 2000
# So often are targets of a host taken from the store, which sorts all that are left each time; but so many at once at
# most, for memory's sake, and at the least a few for each that is asked at the same time.
TAKES = 20
MOST_TAKEN_AT_ONCE = 2000
LEAST_TAKEN_FOR_EACH = 4
# A share of the day is counted over two hours less: the turn of a nightly run takes more than an hour, and counted to
# the second, last night's would be in the way of tonight's.
SHARE_SPAN = timedelta(hours=22)
# Targets that a host has no turn for are stored as such so many at once.
DEFERRED_AT_ONCE = 200
# So many silent links of one host let others go first; more would only take memory.
MOST_STANDING_BACK = 100
# The least time between the first and the second look at a link that seems broken.
SECOND_LOOK_SECONDS = 1.0
# So often such links are gathered while silent ones are waited for.
LOOK_AHEAD_SECONDS = 1.0


async def check_all(asking: Asking) -> None:
    """Ask all due targets that are asked at their own address."""
    hosts = await asking.store.hosts()
    progress = _Progress(len(hosts))
    asking.backlog.ahead = sum(count for _, count in hosts)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_look_ahead, asking, progress)
        await _check_hosts(asking, hosts, progress)
        progress.end()


async def _check_hosts(asking: Asking, hosts: Sequence[tuple[str, int]], progress: _Progress) -> None:
    limiter = anyio.Semaphore(HOSTS_AT_ONCE)

    async def one(host: str, count: int) -> None:
        try:
            asking.backlog.ahead -= count
            await check_host(asking, host, count, progress.one_less)
        finally:
            limiter.release()

    async with anyio.create_task_group() as tasks:
        # The longest first: begun late, it would be all that a run still waits for.
        for host, count in sorted(hosts, key=lambda one: -_least_seconds(asking, *one)):
            # Taken before there is a task: those of a million hosts would fill the memory with waiting.
            await limiter.acquire()
            tasks.start_soon(one, host, count)


def _least_seconds(asking: Asking, host: str, count: int) -> float:
    """How long a host takes at least, by manners alone."""
    return count * gap_of(asking.manners_of(host))


async def allowance(asking: Asking, host: str) -> int | None:
    """How many targets of a host may be asked now, by the user's limits and the host's caps."""
    share, cap = asking.share_of(host).number, asking.manners_of(host).daily_cap
    if share is None or cap is None:
        return share
    asked = await asking.store.asked_since(host, asking.now() - SHARE_SPAN)
    return min(share, max(0, cap - asked))


class _Progress:
    """Whether all hosts have nothing left that was not asked, and whether all was answered or given up."""

    def __init__(self, hosts: int) -> None:
        self._hosts = hosts
        self.all_asked = anyio.Event()
        self.over = anyio.Event()

    def one_less(self) -> None:
        self._hosts -= 1
        if not self._hosts:
            self.all_asked.set()

    def end(self) -> None:
        self.all_asked.set()
        self.over.set()


async def check_host(
    asking: Asking, host: str, count: int, all_asked: Callable[[], None] = lambda: None
) -> None:
    """Ask the due targets of one host, as many at a time as its lane is wide; ``all_asked`` is told, once, when nothing
    is left but what was asked."""
    allowed = await allowance(asking, host)
    granted = asking.grant(host, count if allowed is None else min(allowed, count))
    if granted < count:
        await asking.store.defer_host(host, DEFERRED, keep=granted)
        asking.backlog.defer(count - granted)
        count = granted
    manners = asking.manners_of(host)
    asking.backlog.begin(Queue(host), count)
    async with anyio.create_task_group() as tasks:
        lane = _HostQueue(asking, host, manners, tasks, count)
        for _ in range(max(1, min(manners.width, count))):
            tasks.start_soon(lane.work)
        await lane.all_asked.wait()
        all_asked()
    await lane.store_deferred()
    asking.backlog.end(Queue(host))


def taken_at_once(count: int, width: int) -> int:
    """How many of a host's ``count`` targets are taken from the store together."""
    return max(LEAST_TAKEN_FOR_EACH * width, min(count // TAKES, MOST_TAKEN_AT_ONCE))


class _HostQueue:
    """The due targets of one host, taken from the store some at a time, and what ends its turn."""

    def __init__(self, asking: Asking, host: str, manners: Manners, tasks: TaskGroup, count: int) -> None:
        self._asking = asking
        self._tasks = tasks
        self._left = count
        self._not_taken = count
        self._silent = 0
        self.all_asked = anyio.Event()
        self._host = host
        self._manners = manners
        self._at_once = taken_at_once(count, manners.width)
        self._ready: list[DueTarget] = []
        self._taking = anyio.Lock(fast_acquire=True)
        self._empty_since: int | None = None
        self._refused_in_a_row = 0
        self._has_paused = False
        self._over = False
        self._deferred: list[str] = []

    async def work(self) -> None:
        while (due := await self._next()) is not None:
            self._left -= 1
            if not self._left:
                self.all_asked.set()
            asked = await check_one(self._asking, due, self._stand_back)
            self._asking.backlog.done(Queue(self._host))
            if asked is None:
                continue
            if asked.result.verdict.reason == DEFERRED:
                await self._defer(due.target.id)
                continue
            self._watch(asked)
            with self._asking.under_way.one():
                await self._asking.outages.take(asked)
            await self._mind_refusals()
        self.all_asked.set()

    async def _stand_back(self) -> None:
        """Before a silent link is asked again: half of the host's places may be held by such links, for minutes perhaps.
        More of them wait until all others were asked, for whom somebody else comes meanwhile."""
        self._silent += 1
        may_hold, most = self._manners.width // 2, self._manners.width // 2 + MOST_STANDING_BACK
        if self.all_asked.is_set() or not may_hold < self._silent <= most:
            return
        self._tasks.start_soon(self.work)
        await self.all_asked.wait()

    async def _next(self) -> DueTarget | None:
        asking = self._asking
        while await asking.outages.may_ask() and not self._over and not asking.stopping.is_set():
            if self._ready:
                return self._ready.pop()
            if self._is_empty():
                return None
            await self._take()
        return None

    def _is_empty(self) -> bool:
        """Whether the store has nothing left. Only an outage that is over makes targets due again."""
        return self._empty_since == self._asking.outages.times_put_back

    async def _take(self) -> None:
        """Of the tasks that find nothing left, one asks the store, and the others wait for it."""
        async with self._taking:
            if self._ready or self._over or self._is_empty():
                return
            times_put_back = self._asking.outages.times_put_back
            found = await self._asking.store.take(self._host, self._at_once)
            self._ready = list(reversed(found))
            self._not_taken -= len(found)
            if len(found) < self._at_once or self._not_taken <= 0:
                self._empty_since = times_put_back

    async def _defer(self, id_: str) -> None:
        """Note that a target was not asked. The others are tried on: it may be one port of the host that is down,
        or the host that a single one redirects to, and an answer that nobody is asked for costs nothing."""
        self._deferred.append(id_)
        if len(self._deferred) >= DEFERRED_AT_ONCE:
            await self.store_deferred()

    async def store_deferred(self) -> None:
        if not self._deferred:
            return
        deferred, self._deferred = self._deferred, []
        self._asking.backlog.defer(len(deferred))
        await self._asking.recorder.defer(deferred, DEFERRED)

    def _watch(self, asked: Asked) -> None:
        """Count refusals in a row; what hardly ever opens is refused by design, and no answer says nothing."""
        if asked.due.last or asked.lacks_answer:
            return
        refused = is_refusal(asked.result.verdict, self._manners)
        self._refused_in_a_row = self._refused_in_a_row + 1 if refused else 0
        if self._manners.stop_after_blocked is not None:
            self._asking.refusals.note(self._host, refused=refused)

    async def _mind_refusals(self) -> None:
        """Before the last refusal that a host may give, wait once; after it, leave the host alone beyond this run."""
        manners, limit = self._manners, self._manners.stop_after_blocked
        if limit is None or self._over:
            return
        if self._refused_in_a_row >= limit:
            await self._end()
            if manners.stop_seconds:
                self._asking.hold_back(self._host, manners.stop_seconds)
        elif 0 < self._refused_in_a_row == limit - 1 and not (self._has_paused or self._asking.is_check):
            self._has_paused = True
            if manners.pause_seconds:
                self._asking.hold_back(self._host, manners.pause_seconds)

    async def _end(self) -> None:
        """The host does not want to be asked now: the rest waits for a later run."""
        self._over = True
        async with self._taking:
            ready, self._ready = self._ready, []
        await self._asking.store.defer([due.target.id for due in ready], DEFERRED)
        rest = await self._asking.store.defer_host(self._host, DEFERRED)
        self._asking.backlog.defer(len(ready) + rest)


async def look_again(asking: Asking) -> None:
    """Ask once more for what seemed broken without being certain; this answer is stated.

    What the end of the run cuts off stays with the recorder, as doubtful as before.
    """
    if not asking.recorder.doubtful or asking.stopping.is_set():
        return
    doubtful, asking.recorder.doubtful = asking.recorder.doubtful, []
    await _second_looks(asking, doubtful, asking.outages.take)


async def _look_ahead(asking: Asking, progress: _Progress) -> None:
    """Take second looks while the last silent links are waited for: all others have been asked by then."""
    await progress.all_asked.wait()
    while not progress.over.is_set():
        with anyio.move_on_after(LOOK_AHEAD_SECONDS) as waiting:
            await progress.over.wait()
        if waiting.cancelled_caught and await asking.outages.may_ask():
            await _look_ahead_once(asking)


async def _look_ahead_once(asking: Asking) -> None:
    """Look again at what was answered, once. Nothing is stated before our network has stood its test at the end, so
    what was seen waits for `look_again`; and what nobody answered, such as a missing name, for the look itself."""
    waiting = asking.recorder.doubtful
    asking.recorder.doubtful = [asked for asked in waiting if asked.lacks_answer or asked.last_word]
    answered = [asked for asked in waiting if not (asked.lacks_answer or asked.last_word)]

    async def keep(asked: Asked) -> None:
        asking.recorder.doubtful.append(asked)

    await _second_looks(asking, answered, keep)


async def _second_looks(
    asking: Asking, doubtful: Sequence[Asked], state: Callable[[Asked], Awaitable[None]]
) -> None:
    """Look again at all of them; what is cut off is as doubtful as before."""
    unseen = {asked.due.target.id: asked for asked in doubtful}
    by_host: dict[str, list[Asked]] = {}
    for asked in doubtful:
        by_host.setdefault(asked.due.target.host, []).append(asked)
    # As many at a time as the lane of the host is wide.
    at_once = [
        waiting
        for host, waiting in by_host.items()
        for _ in range(min(asking.manners_of(host).width, len(waiting)))
    ]

    async def one(waiting: list[Asked]) -> None:
        while waiting and not asking.stopping.is_set():
            first = waiting.pop()
            if (asked := await _second_look(asking, first)) is not None:
                with asking.under_way.one():
                    await state(asked)
            del unseen[first.due.target.id]

    try:
        # What has been doubtful for long need not wait, as in a run that must end soon.
        await anyio.sleep_until(
            max((one.held_at for one in doubtful), default=-math.inf) + SECOND_LOOK_SECONDS
        )
        async with anyio.create_task_group() as tasks:
            for waiting in at_once:
                tasks.start_soon(one, waiting)
    finally:
        asking.recorder.doubtful.extend(unseen.values())


async def _second_look(asking: Asking, first: Asked) -> Asked | None:
    """What a second look shows; None where it could not be judged, and at once what was looked at twice before."""
    if first.last_word:
        return first
    asked = await check_one(asking, first.due)
    if asked is None:
        return None
    verdict = asked.result.verdict
    if verdict.reason == "dns-not-found" and not asking.names_resolved():
        # No name at all resolved: that is about the resolver, not about this one.
        verdict = replace(verdict, status=Status.UNREACHABLE, reason="dns-failure")
    result = replace(asked.result, verdict=verdict, attempts=first.result.attempts + asked.result.attempts)
    return replace(asked, result=result, last_word=True)
