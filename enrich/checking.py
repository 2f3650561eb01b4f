"""Targets to verdicts: a lane per host.

Each host has a task of its own that waits only for itself, so that one slow host delays nobody else. How
often and how many at a time is kept by the fetch layer; here is what to ask, and what the answers mean.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import anyio

from enrich.asking import Asking
from enrich.backlog import Queue
from enrich.errors import StorageError
from enrich.model import (
    CheckResult,
    Failure,
    FailureKind,
    Kind,
    Manners,
    Outcome,
    PageFacts,
    Response,
    Status,
    Target,
    Verdict,
)
from enrich.registry import kinds
from enrich.store.history import ALIVE
from enrich.store.protocol import DueTarget
from enrich.store.recorder import DEFERRED, Asked
from enrich.turns import is_refusal

# Hosts whose tasks exist at the same time; more only wait for memory's sake.
HOSTS_AT_ONCE = 2000
DAY = timedelta(days=1)
# Targets that a host has no turn for are stored as such so many at once.
DEFERRED_AT_ONCE = 200
# The least time between the first and the second look at a link that seems broken.
SECOND_LOOK_SECONDS = 1.0


async def check_all(asking: Asking) -> None:
    """Ask all due targets that are asked at their own address."""
    limiter = anyio.Semaphore(HOSTS_AT_ONCE)

    async def one(host: str, count: int) -> None:
        try:
            asking.backlog.ahead -= count
            await check_host(asking, host, count)
        finally:
            limiter.release()

    hosts = await asking.store.hosts()
    asking.backlog.ahead = sum(count for _, count in hosts)
    async with anyio.create_task_group() as tasks:
        for host, count in hosts:
            # Taken before there is a task: those of a million hosts would fill the memory with waiting.
            await limiter.acquire()
            tasks.start_soon(one, host, count)


async def allowance(asking: Asking, host: str) -> int | None:
    """How many targets of a host may be asked now, by the user's limits and the host's caps."""
    manners = asking.manners_of(host)
    limits = [asking.budget_of(host), manners.check_cap if asking.is_check else None]
    if manners.daily_cap is not None:
        asked = await asking.store.asked_since(host, asking.now() - DAY)
        limits.append(max(0, manners.daily_cap - asked))
    return min((limit for limit in limits if limit is not None), default=None)


async def check_host(asking: Asking, host: str, count: int) -> None:
    """Ask the due targets of one host, as many at a time as its lane is wide."""
    allowed = await allowance(asking, host)
    granted = asking.grant(host, count if allowed is None else min(allowed, count))
    if granted < count:
        await asking.store.defer_host(host, DEFERRED, keep=granted)
        asking.backlog.defer(count - granted)
        count = granted
    manners = asking.manners_of(host)
    lane = _HostQueue(asking, host, manners)
    asking.backlog.begin(Queue(host), count)
    async with anyio.create_task_group() as tasks:
        for _ in range(min(manners.width, count)):
            tasks.start_soon(lane.work)
    await lane.store_deferred()
    asking.backlog.end(Queue(host))


class _HostQueue:
    """The due targets of one host, taken from the store a few at a time, and what ends its turn."""

    def __init__(self, asking: Asking, host: str, manners: Manners) -> None:
        self._asking = asking
        self._host = host
        self._manners = manners
        self._ready: list[DueTarget] = []
        self._taking = anyio.Lock()
        self._refused_in_a_row = 0
        self._has_paused = False
        self._over = False
        self._deferred: list[str] = []

    async def work(self) -> None:
        while (due := await self._next()) is not None:
            asked = await check_one(self._asking, due)
            self._asking.backlog.done(Queue(self._host))
            if asked is None:
                continue
            if asked.result.verdict.reason == DEFERRED:
                await self._defer(due.target.id)
                continue
            self._watch(asked)
            await self._asking.outages.take(asked)
            await self._mind_refusals()

    async def _next(self) -> DueTarget | None:
        async with self._taking:
            if not await self._asking.outages.may_ask():
                return None
            if self._over or self._asking.stopping.is_set():
                return None
            if not self._ready:
                found = await self._asking.store.take(self._host, 4 * self._manners.width)
                self._ready = list(reversed(found))
            return self._ready.pop() if self._ready else None

    async def _defer(self, id_: str) -> None:
        """Note that a target was not asked. The others are tried on: it may be one port of the host that is down,
        or the host that a single one redirects to, and an answer that nobody is asked for costs nothing."""
        self._deferred.append(id_)
        if len(self._deferred) >= DEFERRED_AT_ONCE:
            await self.store_deferred()

    async def store_deferred(self) -> None:
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
    # What has been doubtful for long need not wait, as in a run that must end soon.
    since = max(asked.held_at for asked in asking.recorder.doubtful)
    await anyio.sleep_until(since + SECOND_LOOK_SECONDS)
    doubtful, asking.recorder.doubtful = asking.recorder.doubtful, []
    unseen = {asked.due.target.id: asked for asked in doubtful}
    try:
        await _second_looks(asking, unseen)
    finally:
        asking.recorder.doubtful.extend(unseen.values())


async def _second_looks(asking: Asking, unseen: dict[str, Asked]) -> None:
    """Look again at all of ``unseen``, from which goes what was looked at."""
    by_host: dict[str, list[Asked]] = {}
    for asked in unseen.values():
        by_host.setdefault(asked.due.target.host, []).append(asked)

    async def one(waiting: list[Asked]) -> None:
        while waiting and not asking.stopping.is_set():
            first = waiting.pop()
            await _second_look(asking, first)
            del unseen[first.due.target.id]

    async with anyio.create_task_group() as tasks:
        for host, waiting in by_host.items():
            for _ in range(min(asking.manners_of(host).width, len(waiting))):
                tasks.start_soon(one, waiting)


async def _second_look(asking: Asking, first: Asked) -> None:
    asked = await check_one(asking, first.due)
    if asked is None:
        return
    verdict = asked.result.verdict
    if verdict.reason == "dns-not-found" and not asking.names_resolved():
        # No name at all resolved: that is about the resolver, not about this one.
        verdict = replace(verdict, status=Status.UNREACHABLE, reason="dns-failure")
    result = replace(asked.result, verdict=verdict, attempts=first.result.attempts + asked.result.attempts)
    await asking.outages.take(replace(asked, result=result, last_word=True))


async def check_one(asking: Asking, due: DueTarget) -> Asked | None:
    """Ask one target and judge the answer; None when judging failed, which is a mistake of ours."""
    kind, target = kinds()[due.target.kind], due.target
    began = anyio.current_time()
    first = await asking.fetch(kind.request(target, due.wants_metadata))
    try:
        question = kind.confirm(target, first, due.wants_metadata)
        second = await asking.fetch(question) if question is not None else None
        if isinstance(first, Failure) and _was_not_asked(second):
            # The host went down meanwhile, but this link has failed by itself.
            second = None
        verdict, outcome = _judge_both(asking, kind, target, first, second)
        if not isinstance(second, Failure):
            # What the first question met alone, mostly a HEAD, condemns nobody.
            verdict = await _settled(asking, kind, target, verdict, outcome)
        result = _result(asking, kind, due, (verdict, outcome), (first, second))
        shown = second if isinstance(second, Response) else first
        result = await _with_facts(asking, kind, due, shown, result)
        return Asked(due, result, plain=_is_plain(first) or _is_plain(second), began=began)
    except StorageError:
        raise
    except Exception as error:
        # One page that we cannot digest must not cost the night; it is shown and ends in exit code 70.
        asking.broke(target, error)
        await asking.store.defer([target.id], "not-reached")
        return None


def _was_not_asked(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Failure) and outcome.kind is FailureKind.HOST_DEFERRED


def _is_plain(outcome: Outcome | None) -> bool:
    """Whether any part of an answer came without a certificate."""
    if outcome is None:
        return False
    return not all(url.startswith("https:") for url in (outcome.url, *(hop.url for hop in outcome.hops)))


def _judge_both(
    asking: Asking, kind: Kind, target: Target, first: Outcome, second: Outcome | None
) -> tuple[Verdict, Outcome]:
    """The verdict on one or two answers, and the answer that decided."""
    verdict, outcome = _judge(asking, kind, target, second or first), second or first
    if isinstance(second, Failure) and (before := _judge(asking, kind, target, first)).status in ALIVE:
        # The page was wanted for its metadata only: it is there, whatever became of the second answer.
        verdict, outcome = before, first
    return verdict, outcome


async def _settled(
    asking: Asking, kind: Kind, target: Target, verdict: Verdict, outcome: Outcome
) -> Verdict:
    """The verdict once it is known whether an answer of success means what it says."""
    if not isinstance(outcome, Response) or verdict.status not in ALIVE:
        return verdict
    if outcome.status in asking.accept_of(target.host):
        return verdict
    return await asking.controls.settle(kind.doubt(target, outcome), asking.fetch) or verdict


def _result(
    asking: Asking,
    kind: Kind,
    due: DueTarget,
    judged: tuple[Verdict, Outcome],
    asked: tuple[Outcome, Outcome | None],
) -> CheckResult:
    target, (verdict, outcome), (first, second) = due.target, judged, asked
    facts = PageFacts()
    if isinstance(outcome, Response) and verdict.status in ALIVE:
        facts = kind.read_page(target, outcome)
    elapsed = first.elapsed_seconds + (second.elapsed_seconds if second else 0.0)
    return CheckResult(
        target_id=target.id,
        at=asking.now(),
        verdict=verdict,
        http_status=outcome.status if isinstance(outcome, Response) else None,
        final_url=outcome.url if outcome.hops else None,
        attempts=outcome.attempts,
        elapsed_seconds=elapsed,
        metadata=facts.metadata,
        metadata_source=facts.source if facts.metadata else None,
        wanted_metadata=due.wants_metadata,
        alias=facts.alias,
    )


async def _with_facts(
    asking: Asking, kind: Kind, due: DueTarget, outcome: Outcome, result: CheckResult
) -> CheckResult:
    """The result with metadata that stand at another address, where they are due and missing."""
    if not due.wants_metadata or result.metadata is not None or result.verdict.status not in ALIVE:
        return result
    question = kind.ask_facts(due.target, outcome)
    answer = await asking.fetch(question) if question is not None else None
    if not isinstance(answer, Response):
        return result
    facts = kind.read_page(due.target, answer)
    return replace(
        result,
        metadata=facts.metadata,
        metadata_source=facts.source if facts.metadata else None,
        elapsed_seconds=result.elapsed_seconds + answer.elapsed_seconds,
    )


# Whatever its kind, a target that was not asked has no other verdict than that.
_NOT_ASKED = frozenset({FailureKind.HOST_DEFERRED, FailureKind.ROBOTS_DISALLOWED})


def _judge(asking: Asking, kind: Kind, target: Target, outcome: Outcome) -> Verdict:
    if isinstance(outcome, Failure) and outcome.kind in _NOT_ASKED:
        return Verdict(Status.SKIPPED, outcome.kind.value, outcome.detail)
    if isinstance(outcome, Response) and outcome.status in asking.accept_of(target.host):
        return Verdict(Status.OK, f"http-{outcome.status}", "accepted for this host by the configuration")
    return kind.judge(target, outcome)
