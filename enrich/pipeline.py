"""The whole run, readable top to bottom.

Documents and their links go into the store, what is due comes out of it, answers go back, and the report
is read from the store in order. Nothing that asks the network is imported unless something is due.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from enrich import __version__
from enrich.asking import Asking
from enrich.collect import Collection, Gathered, collection_of, gather
from enrich.config import check_engine, check_network_environment, check_places
from enrich.equipment import ages_of, make_fetcher
from enrich.errors import CacheBusyError, StorageError
from enrich.files import Judge
from enrich.gate import Gate, baseline_text
from enrich.interrupts import Ears, Interrupted, raising
from enrich.job import Finished, Job, Observer, Progress, make_folder
from enrich.model import Report, ReportWarning
from enrich.publish import write_atomically
from enrich.run_warnings import mass_change, said_of, site_changes, warnings_of, withheld_before
from enrich.selection import Selection, places_of
from enrich.store.caches import Cache, FileCache, ServerCache, cache_at, cache_of, hold, open_store
from enrich.store.history import Confirmation
from enrich.store.protocol import Rows, Run, Store
from enrich.summary import Header, Made, report_of
from enrich.tracked import is_kept_by_git
from enrich.unasked import judge_files, judge_unasked
from enrich.waiting import tell_turns
from enrich.working import Work, ask_all, prepared

if TYPE_CHECKING:
    from enrich.engine.driver import HeldRun

LOCK_POLL_SECONDS = 0.05
# A server that comes back needs some seconds beside the time of a lease.
PATIENCE_SECONDS = 60.0

# --- asking -----------------------------------------------------------------------------------------


def _ears(progress: Progress, observer: Observer) -> Ears:
    """Where signals are heard: the first stops the work, the second ends the process."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if progress.stop is not None:
            progress.stop()
            observer.said(
                "interrupted: what is under way is brought to an end; a second time ends it at once"
            )

    def heard(number: int) -> None:
        progress.signal_number = number
        progress.incomplete("interrupted")
        loop.call_soon_threadsafe(stop)

    return Ears(heard)


async def _ask(job: Job, opened: Opened, progress: Progress, rule: Confirmation) -> None:
    """Ask all that is due, to the end, the deadline or an interrupt; then say what was not asked."""
    store, asking_job = opened.store, await _asking_by_lease(job, opened.held, progress)
    async with _workers(job, opened) as first, prepared(asking_job, store, progress, rule) as work:
        was_cut_off = await ask_all(work, first)
        await _conclude(work.asking, progress, accept=job.settings["accept_mass_change"])
        if was_cut_off and not progress.interrupted:
            progress.incomplete("deadline")
    progress.requests += work.fetcher.requests
    await _leave(work.asking, progress, work.fetcher.answered or progress.answered)
    await tell_turns(work.asking, progress.warn, work.holds.until_of)
    if work.fetcher.has_used_proxy:
        progress.warn("addresses-by-proxy")


async def _asking_by_lease(job: Job, held: HeldRun | None, progress: Progress) -> Job:
    """The job, which asks nobody before others have ceased to, nor once its lease is somebody else's."""
    if held is None or job.fetcher is not None:
        return job
    from enrich.engine.driver import until_nobody_else_asks
    from enrich.fetch.settings import Ground

    is_taken_over = await until_nobody_else_asks(held, job, lambda: progress.interrupted)
    # After workers the first question to each host waits for a gap.
    ground = Ground(
        check=held.lease.check, is_taken_over=is_taken_over or job.settings["engine"] != "local"
    )
    return replace(
        job,
        fetcher=lambda settings, holds: make_fetcher(settings, job.manners_of, holds=holds, ground=ground),
    )


@asynccontextmanager
async def _workers(job: Job, opened: Opened) -> AsyncIterator[Callable[[Work], Awaitable[None]] | None]:
    """What asks before the run itself does: the workers of a cluster, or nobody."""
    if job.settings["engine"] == "local":
        yield None
        return
    from enrich.engine.driver import workers

    assert opened.held is not None, "settings without a shared cache are refused"
    assert opened.run is not None, "a run has begun"
    async with workers(job, opened.held, opened.run.id) as ask:
        yield ask


async def _conclude(asking: Asking, progress: Progress, *, accept: bool) -> None:
    """State what is gone; say which sites changed as a whole, and whether too much changed to be believed."""
    found = await asking.recorder.conclude(asking.now(), accept=accept)
    if found.withheld:
        progress.incomplete("mass-change", mass_change(found))
    progress.site_changes.extend(site_changes(found))


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

    Raises UsageError before anything is written, StorageError when the cache cannot be used, and Interrupted where a
    signal left no report: the last one is worth more than one that lacks the half of the documents.
    """
    settings = job.settings
    check_network_environment(os.environ)
    check_places(settings, job.is_check)
    check_engine(settings)
    with raising() if job.takes_signals else nullcontext():
        places = list(places_of(settings, job.paths))
        gate = Gate.of(settings, places, job.now().date(), is_check=job.is_check)
        collection = collection_of(places, git_dates=settings["git_dates"])
    cache = cache_of(settings)
    if isinstance(cache, FileCache):
        make_folder(cache.path.parent)
    progress = Progress()
    ears = _ears(progress, job.observer)
    made: Made | None = None
    async with AsyncExitStack() as stack:
        await _hold(stack, cache, settings["wait"])
        opened = await _open(stack, job, cache)
        store, remarks = opened.store, opened.remarks
        this_run = await store.begin(
            version=__version__, options=_options(job), now=job.now(), fresh=settings["fresh"]
        )
        opened = replace(opened, run=this_run)
        if job.takes_signals:
            stack.enter_context(ears.listening())
        if not places and not settings["files_from"]:
            # A list of files may well be empty, as one of what changed; a folder of notes seldom is.
            progress.warn("no-documents")
            job.observer.warned(said_of("no-documents", progress))
        gathered = await _gathered(job, store, collection, (progress, ears))
        if gathered is not None:
            await _answer(job, opened, progress, {place.root for place in places if place.root is not None})
            header = _header(job, this_run, progress, remarks, gathered.unreadable)
            # The answers are stored, so the run is over, whether or not its report can be written.
            await store.finish(complete=progress.complete, now=job.now())
            made = await _made(job, store, lambda rows: _publish(rows, header, gate, publish))
            await _settle(job, store, gathered)
    if made is None:
        assert progress.signal_number is not None, "nothing else leaves a run without a report"
        # Not in there: what goes through a group of tasks comes out as another group.
        raise Interrupted(progress.signal_number)
    return Finished(
        complete=progress.complete,
        failing=made.failing,
        first_failing=made.first_failing,
        signal_number=progress.signal_number,
        internal_errors=len(progress.internal_errors),
    )


async def _gathered(
    job: Job, store: Store, collection: Collection, hears: tuple[Progress, Ears]
) -> Gathered | None:
    """What was taken in, all of it; None after an interrupt, where the next run goes on as after a kill."""
    progress, ears = hears
    selection = Selection.of(job.settings)
    try:
        found = await gather(store, collection, selection, lambda: progress.interrupted, ears.at_once)
        if found.is_whole:
            return found
    except Interrupted:
        pass
    if store.standing:
        # It was only compared.
        await _settle(job, store, Gathered())
    job.observer.warned(
        "interrupted before all notes were read: there is no new report, and the next run goes on"
    )
    return None


async def _made(job: Job, store: Store, use: Callable[[Rows], Made]) -> Made | None:
    """The report, once it is where it belongs; None after an interrupt that came meanwhile."""
    try:
        return await store.read(use)
    except Interrupted:
        job.observer.warned(
            "interrupted while the report was written: all answers are stored, and the next run reports them"
        )
        return None


def _heeding(progress: Progress) -> Callable[[], None]:
    """Raises Interrupted after an interrupt; never for one that came before, after which somebody waits for a report."""
    known = progress.signal_number

    def heed() -> None:
        if known is None and progress.signal_number is not None:
            raise Interrupted(progress.signal_number)

    return heed


async def _settle(job: Job, store: Store, gathered: Gathered) -> None:
    """Let what was taken in stand. It spares the next run some time, so that a full disk costs no more than that."""
    try:
        await store.settle(is_tidy=gathered.stood)
    except StorageError as error:
        job.observer.warned(str(error))


@dataclass(frozen=True, slots=True)
class Opened:
    """An open cache that nobody else uses, and what is to be said about it; ``held`` is the hold on a shared one."""

    store: Store
    remarks: Sequence[ReportWarning] = ()
    held: HeldRun | None = None
    run: Run | None = None


async def _open(stack: AsyncExitStack, job: Job, cache: Cache) -> Opened:
    if not isinstance(cache, ServerCache):
        return Opened(*await _open_store(stack, job, cache))
    from enrich.engine.driver import holding_run
    from enrich.store.fenced import FencedStore

    seconds = job.settings["lease"]
    # Whoever held it before is not connected any more. Should it live on all the same, its lease ends.
    held = await stack.enter_async_context(holding_run(cache.url, seconds + PATIENCE_SECONDS, seconds))
    store = await stack.enter_async_context(FencedStore(cache.url, held.lease))
    return Opened(store, held=held)


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
        is_for_json=job.is_for_json,
        heed=_heeding(progress),
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


async def _answer(job: Job, opened: Opened, progress: Progress, roots: set[Path]) -> None:
    settings, store = job.settings, opened.store
    due = await store.plan(ages_of(settings, job.is_check), job.now())
    job.observer.planned(due)
    rule = Confirmation(checks=settings.confirm.checks, days=settings.confirm.days)
    # These need no network, so that they are judged whatever becomes of it.
    due -= await judge_files(job, store, progress, Judge(sorted(roots)), rule)
    if progress.interrupted:
        await store.defer_rest("not-reached")
    elif settings["offline"]:
        await judge_unasked(job, store, progress, rule)
        await store.defer_rest("not-reached" if progress.interrupted else "offline")
    elif due:
        await _ask(job, opened, progress, rule)


def _options(job: Job) -> str:
    """What makes two runs the same run, for going on with one that was killed."""
    settings = job.settings
    names = ("since", "until", "undated", "kind", "include", "exclude", "exclude_path", "extensions", "hidden",
             "check_images", "remap", "files_from", "refresh", "max_age")  # fmt: skip
    chosen: dict[str, Any] = {name: settings[name] for name in names}
    return json.dumps({"check": job.is_check, "paths": list(job.paths), **chosen}, sort_keys=True)
