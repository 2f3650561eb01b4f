"""Asking all that is due: with what, in which order, and until when.

A run on one machine does it once for all hosts, and each worker of a cluster for the hosts of one shard: both by what
stands here. What only the whole run can judge, such as whether too many links are gone at once, is left to
whoever asked for it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio

from enrich.asking import Asking
from enrich.backlog import Workload
from enrich.config import Settings
from enrich.equipment import make_fetcher
from enrich.holds import Holds
from enrich.job import Job, Progress
from enrich.model import Api, Target
from enrich.network import Network, Outages
from enrich.registry import finding_of
from enrich.store.history import Confirmation
from enrich.store.protocol import Store
from enrich.store.recorder import Recorder
from enrich.urls import host_of

if TYPE_CHECKING:
    from enrich.fetch.client import Fetcher

# After an interrupt, what is under way has so long, and what was answered is settled so long after that at the latest:
# the tenth second is for the report. With nothing under way for a moment all of that is over at once: the moment is as
# long as a host keeps a second question waiting that does not have to be asked slowly.
INTERRUPT_GRACE_SECONDS = 8.0
LAST_SETTLING_SECONDS = 1.0
SETTLING_SECONDS = 2.0
QUIET_SECONDS = 0.5
LOOK_SECONDS = 0.05
# The last part of a deadline is kept for second looks at what seems broken, since nothing is stated without one.
SECOND_LOOKS_SHARE = 0.1
SECOND_LOOKS_SECONDS = 5.0
# How many hosts are asked at most whether the network is up, when none that answered in this run does.
CANARIES = 3
# So often is what others see of a run drawn again.
TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All that is needed to ask what is due in a store, be it of a whole run or of one shard."""

    job: Job
    progress: Progress
    asking: Asking
    fetcher: Fetcher
    holds: Holds


@asynccontextmanager
async def prepared(job: Job, store: Store, progress: Progress, rule: Confirmation) -> AsyncIterator[Work]:
    """While it lasts, all is ready for asking. What was answered is stored when it is over."""
    holds = Holds(store, job.now)
    await holds.load()
    fetcher = _fetcher(job, holds)
    asking = _asking(job, store, (fetcher, holds), progress, rule)
    async with fetcher, _watched(job, asking, fetcher), anyio.create_task_group() as writing:
        writing.start_soon(asking.recorder.write)
        writing.start_soon(holds.write)
        yield Work(job=job, progress=progress, asking=asking, fetcher=fetcher, holds=holds)
        await asking.recorder.close()
        holds.close()


async def ask_all(work: Work, first: Callable[[Work], Awaitable[None]] | None = None) -> bool:
    """Ask all that is due, to the end, the deadline or a stop; whether it was cut off. ``first`` goes before it."""
    asking, given = work.asking, work.job.settings["deadline"]
    deadline = math.inf if given is None else given
    share = min(SECOND_LOOKS_SHARE * deadline, SECOND_LOOKS_SECONDS)
    work.progress.stop = asking.stopping.set
    if work.progress.interrupted:
        asking.stopping.set()
    with anyio.CancelScope(deadline=anyio.current_time() + deadline - share) as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cut_short, asking, scope)
            tasks.start_soon(keep_to_the_clock, scope)
            if first is not None:
                await _go_before(work, first)
            await _work(asking)
            tasks.cancel_scope.cancel()
    if scope.cancelled_caught:
        await _finish(asking, scope.deadline + share, scope.deadline + LAST_SETTLING_SECONDS)
    return scope.cancelled_caught


async def _go_before(work: Work, first: Callable[[Work], Awaitable[None]]) -> None:
    """What goes before everything else, unless the run is to end already; it is under way as a whole."""
    if not work.asking.stopping.is_set():
        with work.asking.under_way.one():
            await first(work)


async def _cut_short(asking: Asking, scope: anyio.CancelScope) -> None:
    """After a stop, leave time to what is under way; once nothing is, end what only waits for its turn."""
    await asking.stopping.wait()
    scope.deadline = min(scope.deadline, anyio.current_time() + INTERRUPT_GRACE_SECONDS)
    quiet_seconds = 0.0
    while quiet_seconds < QUIET_SECONDS:
        await anyio.sleep(LOOK_SECONDS)
        quiet_seconds = 0.0 if asking.under_way.count else quiet_seconds + LOOK_SECONDS
    scope.cancel()


async def keep_to_the_clock(scope: anyio.CancelScope, clock: Callable[[], float] = time.monotonic) -> None:
    """Have a deadline come at its time, though the clock of the loop stands still while we do: whoever gave it counts
    that time, too."""
    deadline, began, began_here = scope.deadline, clock(), anyio.current_time()
    while True:
        await anyio.sleep(TICK_SECONDS)
        lost = (clock() - began) - (anyio.current_time() - began_here)
        scope.deadline = min(scope.deadline, deadline - lost)


@asynccontextmanager
async def _watched(job: Job, asking: Asking, fetcher: Fetcher) -> AsyncIterator[None]:
    """While it lasts, the observer sees what is asked. What takes long by manners alone is said before."""
    from enrich.forecast import forecast, turns_of

    bounds = await forecast(asking)
    job.observer.foretold(bounds, job.settings["deadline"])
    job.observer.watch(
        Workload(
            backlog=asking.backlog,
            lanes=fetcher.lanes,
            manners_of=asking.manners_of,
            questions=turns_of(bounds, asking.manners_of),
        )
    )

    async def tick() -> None:
        while True:
            job.observer.tick()
            await anyio.sleep(TICK_SECONDS)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
            job.observer.watch(None)


def _fetcher(job: Job, holds: Holds) -> Fetcher:
    if job.fetcher is not None:
        return job.fetcher(job.settings, holds)
    return make_fetcher(job.settings, job.manners_of, holds=holds)


async def _work(asking: Asking) -> None:
    from enrich.checking import look_again

    # What an API could not decide becomes due at its own address, and what failed in an outage is due again.
    while await _is_due(asking):
        await _ask_due(asking)
        if not await _is_due(asking):
            await asking.outages.wait_if_down()
        if not await _is_due(asking) and await asking.outages.settle():
            await look_again(asking)
            await asking.outages.settle()


async def _finish(asking: Asking, end: float, last: float) -> None:
    """After the work was cut off: state what was answered before, or the next run would ask all of it again.

    Until ``end`` there is time for second looks; an interrupt leaves none, and all is over at ``last``. What has had no
    second look is not stated.
    """
    from enrich.checking import look_again

    if not asking.stopping.is_set():
        last = math.inf
        with anyio.CancelScope(deadline=end):
            if await asking.outages.settle():
                await look_again(asking)
    with anyio.CancelScope(deadline=min(last, anyio.current_time() + SETTLING_SECONDS)):
        await asking.outages.settle()


async def _is_due(asking: Asking) -> bool:
    if asking.stopping.is_set() or not await asking.outages.may_ask():
        return False
    return bool(await asking.store.kinds_by_api() or await asking.store.hosts())


async def _ask_due(asking: Asking) -> None:
    from enrich.checking import check_all
    from enrich.lookup import look_up

    async with anyio.create_task_group() as tasks:
        for kind in await asking.store.kinds_by_api():
            tasks.start_soon(look_up, asking, kind)
        tasks.start_soon(check_all, asking)


def _asking(
    job: Job, store: Store, asks_with: tuple[Fetcher, Holds], progress: Progress, rule: Confirmation
) -> Asking:
    settings, (fetcher, holds) = job.settings, asks_with

    def broke(target: Target, error: Exception) -> None:
        message = f"enrich could not judge this answer ({type(error).__name__}: {error}); please report it"
        progress.internal_errors.append(finding_of("internal-error", message, target=target.id))
        job.observer.broke(target, error)

    outages = _outages(job, store, (fetcher, progress), rule)
    return Asking(
        store=store,
        fetch=fetcher.fetch,
        api=_api(job, fetcher, holds, progress),
        recorder=outages.recorder,
        now=job.now,
        manners_of=job.manners_of or settings.manners_of,
        budget_of=settings.budget_of,
        grant=fetcher.grant,
        hold_back=fetcher.hold_back,
        accept_of=lambda host: settings.hosts[host].accept if host in settings.hosts else frozenset(),
        names_resolved=lambda: fetcher.names_resolved,
        outages=outages,
        broke=broke,
        is_check=job.is_check,
        retries=settings["retries"],
        stopping=outages.stopping,
        under_way=fetcher.under_way,
        clock=asyncio.get_running_loop().time,
    )


def _api(job: Job, fetcher: Fetcher, holds: Holds, progress: Progress) -> Api:
    """What lookups ask with, and whom they tell what is worth knowing of the run."""
    settings = job.settings
    manners_of = job.manners_of or settings.manners_of
    return Api(
        fetch=fetcher.fetch,
        github_token=settings["github_token"],
        github_api_url=settings["github_api_url"],
        arxiv_api_url=settings["arxiv_api_url"],
        # Twice what it is asked in any case, so that a mirror of one's own is not waited for.
        arxiv_backoff_seconds=2 * manners_of(host_of(settings["arxiv_api_url"])).interval_seconds,
        datacite_url=None if settings["no_datacite"] else settings["arxiv_datacite_url"],
        contact=settings["contact"],
        tell=progress.warn,
        hold=holds.spend,
        is_held=holds.is_spent,
    )


def _outages(job: Job, store: Store, of_run: tuple[Fetcher, Progress], rule: Confirmation) -> Outages:
    """The recorder of a run, behind the watch over our own network."""
    settings, (fetcher, progress) = job.settings, of_run
    network = Network(fetcher, partial(_canaries, store, settings, progress))
    # A run that must end soon does not spend all of its time on waiting.
    patience = min(settings["network_wait"], (settings["deadline"] or math.inf) / 2)
    return Outages(
        network,
        Recorder(
            store, rule, proofs=network, counted=job.observer.counted, clock=asyncio.get_running_loop().time
        ),
        store.put_back,
        wait_seconds=patience,
        stopping=anyio.Event(),
        waiting=job.observer.waiting,
    )


async def _canaries(store: Store, settings: Settings, progress: Progress) -> Sequence[str]:
    """Hosts to ask whether the network is up: those named, else the longest alive whose owners do not count visits, and
    some that have answered others in this run."""
    if settings["canary"]:
        return tuple(settings["canary"])
    known = await store.canaries(4 * CANARIES)
    return [
        url
        for some in (known, progress.witnesses)
        for url in [url for url in some if settings.manners_of(host_of(url)).daily_cap is None][:CANARIES]
    ]
