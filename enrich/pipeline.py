"""The whole run, readable top to bottom.

Documents and their links go into the store, what is due comes out of it, answers go back, and the report
is read from the store in order. Nothing that asks the network is imported unless something is due.
"""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from enrich import __version__
from enrich.asking import Asking
from enrich.backlog import Workload
from enrich.collect import documents_of, gather
from enrich.config import Settings, check_network_environment, check_places
from enrich.equipment import ages_of, make_fetcher
from enrich.errors import CacheBusyError
from enrich.files import Judge
from enrich.gate import Gate, baseline_text
from enrich.holds import Holds
from enrich.job import Finished, Job, Progress, make_folder
from enrich.model import (
    Api,
    Report,
    ReportWarning,
    Target,
)
from enrich.network import Network, Outages
from enrich.publish import write_atomically
from enrich.registry import finding_of
from enrich.run_warnings import mass_change, site_changes, warnings_of, withheld_before
from enrich.selection import Selection, places_of
from enrich.store.caches import Cache, FileCache, cache_at, cache_of, hold, open_store
from enrich.store.history import Confirmation
from enrich.store.protocol import Rows, Run, Store
from enrich.store.recorder import Recorder
from enrich.summary import Header, Made, report_of
from enrich.tracked import is_kept_by_git
from enrich.unasked import judge_files, judge_unasked
from enrich.urls import host_of
from enrich.waiting import tell_turns

if TYPE_CHECKING:
    from enrich.fetch.client import Fetcher

# After an interrupt a run lasts so long at most, the settling of what was answered included.
INTERRUPT_GRACE_SECONDS = 10.0
SETTLING_SECONDS = 2.0
# The last part of a deadline is kept for second looks at what seems broken, since nothing is stated without one.
SECOND_LOOKS_SHARE = 0.1
SECOND_LOOKS_SECONDS = 5.0
# How many hosts are asked at most whether the network is up, when none that answered in this run does.
CANARIES = 3
LOCK_POLL_SECONDS = 0.05
# So often is what others see of a run drawn again.
TICK_SECONDS = 0.5

# --- asking -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _signals(progress: Progress) -> AsyncIterator[None]:
    """While it lasts, the first SIGINT or SIGTERM stops the work and the second ends the process."""

    async def listen() -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
            async for number in received:
                if progress.interrupted:
                    os._exit(128 + number)
                progress.signal_number = int(number)
                progress.incomplete("interrupted")
                if progress.stop is not None:
                    progress.stop()

    if os.name == "nt":
        # Windows has no signals for event loops; Ctrl-C raises KeyboardInterrupt there.
        yield
        return
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        yield
        tasks.cancel_scope.cancel()


async def _ask(job: Job, store: Store, progress: Progress, rule: Confirmation) -> None:
    """Ask all that is due, to the end, the deadline or an interrupt; then say what was not asked."""
    holds = Holds(store, job.now)
    await holds.load()
    fetcher = _fetcher(job, holds)
    asking = _asking(job, store, (fetcher, holds), progress, rule)
    deadline = job.settings["deadline"]
    end = math.inf if deadline is None else anyio.current_time() + deadline
    async with fetcher, _watched(job, asking, fetcher), anyio.create_task_group() as writing:
        writing.start_soon(asking.recorder.write)
        writing.start_soon(holds.write)
        with anyio.CancelScope() as work:

            def stop() -> None:
                asking.stopping.set()
                grace = INTERRUPT_GRACE_SECONDS - SETTLING_SECONDS
                work.deadline = min(work.deadline, anyio.current_time() + grace)

            if deadline is not None:
                work.deadline = end - min(SECOND_LOOKS_SHARE * deadline, SECOND_LOOKS_SECONDS)
            progress.stop = stop
            await _work(asking)
        if work.cancelled_caught:
            await _finish(asking, end)
        await _conclude(asking, progress, accept=job.settings["accept_mass_change"])
        if work.cancelled_caught and not progress.interrupted:
            progress.incomplete("deadline")
        await asking.recorder.close()
        holds.close()
    progress.requests = fetcher.requests
    await _leave(asking, progress, fetcher.answered)
    await tell_turns(asking, progress.warn, holds.until_of)
    if fetcher.has_used_proxy:
        progress.warnings.append("addresses-by-proxy")


@asynccontextmanager
async def _watched(job: Job, asking: Asking, fetcher: Fetcher) -> AsyncIterator[None]:
    """While it lasts, the observer sees what is asked. What takes long by manners alone is said before."""
    from enrich.forecast import forecast

    job.observer.foretold(await forecast(asking), job.settings["deadline"])
    job.observer.watch(Workload(backlog=asking.backlog, lanes=fetcher.lanes, manners_of=asking.manners_of))

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


async def _finish(asking: Asking, end: float) -> None:
    """After the work was cut off: state what was answered before, or the next run would ask all of it again.

    Until ``end`` there is time for second looks; an interrupt leaves none. What has had none is not stated.
    """
    from enrich.checking import look_again

    if not asking.stopping.is_set():
        with anyio.CancelScope(deadline=end):
            if await asking.outages.settle():
                await look_again(asking)
    with anyio.move_on_after(SETTLING_SECONDS):
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


async def _conclude(asking: Asking, progress: Progress, *, accept: bool) -> None:
    """State what is gone; say which sites changed as a whole, and whether too much changed to be believed."""
    found = await asking.recorder.conclude(asking.now(), accept=accept)
    if found.withheld:
        progress.incomplete("mass-change", mass_change(found))
    progress.site_changes.extend(site_changes(found))


def _asking(
    job: Job, store: Store, asks_with: tuple[Fetcher, Holds], progress: Progress, rule: Confirmation
) -> Asking:
    settings, (fetcher, holds) = job.settings, asks_with

    def broke(target: Target, error: Exception) -> None:
        message = f"enrich could not judge this answer ({type(error).__name__}: {error}); please report it"
        progress.internal_errors.append(finding_of("internal-error", message, target=target.id))
        job.observer.broke(target, error)

    outages = _outages(job, store, fetcher, rule)
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
        stopping=outages.stopping,
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


def _outages(job: Job, store: Store, fetcher: Fetcher, rule: Confirmation) -> Outages:
    """The recorder of a run, behind the watch over our own network."""
    settings = job.settings
    network = Network(fetcher, partial(_canaries, store, settings))
    # A run that must end soon does not spend all of its time on waiting.
    patience = min(settings["network_wait"], (settings["deadline"] or math.inf) / 2)
    return Outages(
        network,
        Recorder(store, rule, proofs=network, counted=job.observer.counted),
        store.put_back,
        wait_seconds=patience,
        stopping=anyio.Event(),
        waiting=job.observer.waiting,
    )


async def _canaries(store: Store, settings: Settings) -> Sequence[str]:
    """Hosts to ask whether the network is up: those named, else the longest alive whose owners do not count visits."""
    if settings["canary"]:
        return tuple(settings["canary"])
    known = await store.canaries(4 * CANARIES)
    return [url for url in known if settings.manners_of(host_of(url)).daily_cap is None][:CANARIES]


async def _leave(asking: Asking, progress: Progress, answered: bool) -> None:
    """What was held back or not reached keeps its older verdict; say why."""
    recorder, reason = asking.recorder, "not-reached"
    waiting = [*recorder.held, *recorder.hearsay, *recorder.doubtful]
    unclear = (recorder.held or recorder.hearsay) and "deadline" not in progress.warnings
    lost = asking.outages.lost or unclear
    if (recorder.lied_to or lost) and not progress.interrupted:
        progress.incomplete(
            "lying-network" if recorder.lied_to else "network-lost" if answered else "network-down"
        )
        unproven = [asked.result.target_id for asked in waiting]
        # Where the network was lost, no host is to blame for having been left alone.
        unproven += recorder.deferred if lost or not answered else []
        await asking.store.defer(unproven, "network-down")
        reason = "network-down" if asking.outages.lost else reason
    if await asking.store.defer_rest(reason) and progress.complete and not progress.internal_errors:
        raise AssertionError("a complete run leaves no due target behind")


# --- the run ----------------------------------------------------------------------------------------


async def run(job: Job, publish: Callable[[Report], None]) -> Finished:
    """Do the whole job in an open cache folder; ``publish`` gets the report, in a thread.

    Raises UsageError before anything is written, and StorageError when the cache cannot be used.
    """
    settings = job.settings
    check_network_environment(os.environ)
    check_places(settings, job.is_check)
    places = list(places_of(settings, job.paths))
    gate = Gate.of(settings, places, job.now().date(), is_check=job.is_check)
    documents = documents_of(places, git_dates=settings["git_dates"])
    cache = cache_of(settings)
    if isinstance(cache, FileCache):
        make_folder(cache.path.parent)
    progress = Progress()
    async with AsyncExitStack() as stack:
        await _hold(stack, cache, settings["wait"])
        store, remarks = await _open_store(stack, job, cache)
        this_run = await store.begin(
            version=__version__, options=_options(job), now=job.now(), fresh=settings["fresh"]
        )
        if job.takes_signals:
            await stack.enter_async_context(_signals(progress))
        unreadable = await gather(store, documents, Selection.of(settings), lambda: progress.interrupted)
        await _answer(job, store, progress, {place.root for place in places if place.root is not None})
        header = _header(job, this_run, progress, remarks, unreadable)
        # The answers are stored, so the run is over, whether or not its report can be written.
        await store.finish(complete=progress.complete, now=job.now())
        made = await store.read(lambda rows: _publish(rows, header, gate, publish))
    return Finished(
        complete=progress.complete,
        failing=made.failing,
        first_failing=made.first_failing,
        signal_number=progress.signal_number,
        internal_errors=len(progress.internal_errors),
    )


async def _hold(stack: AsyncExitStack, cache: Cache, wait_seconds: float) -> None:
    """Hold the cache as long as the stack lasts. Others in this event loop go on while a taken one is waited for."""
    end = anyio.current_time() + wait_seconds
    while True:
        try:
            stack.enter_context(hold(cache))
            return
        except CacheBusyError:
            if anyio.current_time() >= end:
                raise
        await anyio.sleep(LOCK_POLL_SECONDS)


def _header(
    job: Job, run: Run, progress: Progress, remarks: Sequence[ReportWarning], unreadable: int
) -> Header:
    """What the report says of the run itself."""
    return Header(
        run=run,
        complete=progress.complete,
        requests=progress.requests,
        warnings=[*remarks, *warnings_of(progress)],
        finished_at=job.now(),
        unreadable=unreadable,
        internal_errors=[*progress.internal_errors, *progress.site_changes],
        settings=job.settings,
    )


async def _open_store(stack: AsyncExitStack, job: Job, cache: Cache) -> tuple[Store, list[ReportWarning]]:
    """The store of a cache that is held, and what is to be said about it."""
    remarks = []
    if job.is_check and isinstance(cache, FileCache) and is_kept_by_git(cache.path):
        message = (
            f"{cache.path.parent.as_posix()}: git keeps this cache, so that whoever wrote the commit decides what it "
            "says; it is left aside. Take it out of version control (git rm --cached)"
        )
        remarks.append(ReportWarning(code="cache-not-believed", message=message))
        cache = cache_at(stack.enter_context(TemporaryDirectory(prefix="enrich-")))
    store = await stack.enter_async_context(open_store(cache))
    if store.set_aside is not None:
        remarks.append(ReportWarning(code="cache-set-aside", message=store.set_aside))
    for remark in remarks:
        job.observer.warned(remark.message)
    return store, remarks


def _publish(rows: Rows, header: Header, gate: Gate, publish: Callable[[Report], None]) -> Made:
    header = replace(header, warnings=[*withheld_before(rows), *header.warnings])
    with report_of(rows, gate, header) as made:
        publish(made.report)
    if (accepted := baseline_text(gate, made.settled)) is not None:
        write_atomically(Path(header.settings["baseline"]), accepted)
    return made


async def _answer(job: Job, store: Store, progress: Progress, roots: set[Path]) -> None:
    settings = job.settings
    due = await store.plan(ages_of(settings, job.is_check), job.now())
    job.observer.planned(due)
    rule = Confirmation(checks=settings.confirm.checks, days=settings.confirm.days)
    # These need no network, so that they are judged whatever becomes of it.
    due -= await judge_files(job, store, progress, Judge(sorted(roots)), rule)
    if progress.interrupted:
        await store.defer_rest("not-reached")
    elif settings["offline"]:
        await judge_unasked(job, store, rule)
        await store.defer_rest("offline")
    elif due:
        await _ask(job, store, progress, rule)


def _options(job: Job) -> str:
    """What makes two runs the same run, for going on with one that was killed."""
    settings = job.settings
    names = ("since", "until", "undated", "kind", "include", "exclude", "exclude_path", "extensions", "hidden",
             "check_images", "remap", "files_from", "refresh", "max_age")  # fmt: skip
    chosen: dict[str, Any] = {name: settings[name] for name in names}
    return json.dumps({"check": job.is_check, "paths": list(job.paths), **chosen}, sort_keys=True)
