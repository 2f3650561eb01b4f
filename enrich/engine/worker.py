"""The work on one shard, in whatever process an engine runs it.

Only names come with the task. What is to be asked, by which rules, and until when stands in the shared cache, and
secrets in the worker's own environment. It is asked by the same code as on one machine, of a store that knows
the shard's hosts alone. What cannot be told here, a redirect to another shard's host and a failure that nobody
answered beside, is due again when the shard is over, and the driver asks it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from enrich import __version__
from enrich.backlog import Workload
from enrich.bounds import Bound
from enrich.engine import news as all_news
from enrich.engine import outcome as outcomes
from enrich.engine import terms as all_terms
from enrich.engine.news import News, news_of
from enrich.engine.outcome import Leaving, Outcome
from enrich.engine.terms import Terms
from enrich.equipment import make_fetcher
from enrich.errors import EnrichError, LeaseLostError, UsageError, first_of, hint_of
from enrich.fetch.settings import Ground
from enrich.job import Job, Progress, clock
from enrich.location import shown
from enrich.model import CheckResult, Target, TargetState
from enrich.standstill import run as run_awake
from enrich.store import leases, sharing
from enrich.store.history import Confirmation
from enrich.store.leases import Held
from enrich.store.server import Server
from enrich.working import Work, ask_all, prepared

if TYPE_CHECKING:
    from enrich.config import Settings
    from enrich.fetch.client import Fetcher
    from enrich.holds import Holds
    from enrich.store.fenced import ShardStore

CACHE_VARIABLE = "ENRICH_CACHE"
# So often a worker says what it has done, and looks whether it is to end.
NEWS_SECONDS = 1.0
# A server that restarts is waited for so long before a worker is said to have no cache.
READY_SECONDS = 5.0


def run_shard(run_id: str, run_epoch: int, shard: str, drivers_version: str) -> None:
    """Work on a shard of a run with this lease, to its end. Raises what keeps it from being worked on.

    May be called again, by whoever comes after a worker that died: what was stored is not asked again.
    """
    if drivers_version != __version__:
        raise UsageError(
            f"the driver runs enrich {drivers_version} and this worker {__version__}: both must be the same",
            hint="install the same version in the environment of every worker",
        )
    url = _cache_url()
    # A worker that slept through its lease stands in line for the shard again, in case its next owner is lost, too.
    while (error := _attempt(url, (run_id, run_epoch), shard)) is not None:
        if not isinstance(error, LeaseLostError):
            raise error


def _attempt(url: str, run: tuple[str, int], shard: str) -> EnrichError | None:
    """Work on a shard; what a person can put right is given back, without the tasks that it came through.

    With them it would be in a circle of errors, each the reason of the other, and could not be sent to the driver.
    """
    try:
        run_awake(_run_shard, url, run, shard)
    except BaseExceptionGroup as group:
        if (ours := first_of(group, EnrichError)) is None:
            raise
        found = ours
    except EnrichError as error:
        found = error
    else:
        return None
    found.__cause__ = found.__context__ = None
    return found.with_traceback(None)


def readiness(run_id: str) -> tuple[str, str | None]:
    """Which enrich runs here, and what keeps it from working on a run; None where nothing does.

    Asked before anything else: a shard that fails by it is tried again for minutes, and left to the driver in the end.
    """
    try:
        url = _cache_url()
        with Server(url, patience_seconds=READY_SECONDS) as server:
            _check_knows(server, url, run_id)
    except EnrichError as error:
        return __version__, "; ".join(filter(None, (str(error), hint_of(error))))
    return __version__, None


def _cache_url() -> str:
    if not (url := os.environ.get(CACHE_VARIABLE)):
        raise UsageError(
            f"{CACHE_VARIABLE}: not set in the environment of a worker",
            hint="set it to the address of the cache that the driver uses",
        )
    return url


def _check_knows(server: Server, url: str, run_id: str) -> None:
    if not sharing.is_known(server, run_id):
        raise UsageError(
            f"{CACHE_VARIABLE}: {shown(url)} is not the cache that the driver uses",
            hint="set it to the same address in the environment of every worker",
        )


@dataclass(slots=True, kw_only=True)
class _Shard:
    """One attempt to work on a shard."""

    name: str
    url: str
    server: Server
    run_id: str
    terms: Terms
    seconds_left: float | None
    held: Held


async def _run_shard(url: str, run: tuple[str, int], name: str) -> None:
    run_id, run_epoch = run
    with Server(url) as server:
        found = await anyio.to_thread.run_sync(sharing.shared, server, run_epoch)
        if found is None or found.run_id != run_id:
            # Nobody waits for the shards of a run whose place another has taken.
            await anyio.to_thread.run_sync(_check_knows, server, url, run_id)
            return
        if found.stopping:
            return
        terms = all_terms.decoded(found.terms)
        held = await _take(server, name, run_epoch, terms.lease_seconds)
        if held is None:
            return
        async with leases.holding(server, held):
            # While others held it time went by, and the driver may have begun to do the rest itself.
            found = await anyio.to_thread.run_sync(sharing.shared, server, run_epoch)
            if found is None or found.stopping:
                return
            await _work_on(
                _Shard(
                    name=name,
                    url=url,
                    server=server,
                    run_id=run_id,
                    terms=terms,
                    held=held,
                    seconds_left=found.seconds_left,
                )
            )


async def _take(server: Server, name: str, run_epoch: int, seconds: float) -> Held | None:
    """Take the lease of a shard, as soon as it is free; None where there is nothing left to do for its run."""
    owner = leases.somebody()
    while True:
        if await anyio.to_thread.run_sync(sharing.is_done, server, run_epoch, name):
            return None
        held = await anyio.to_thread.run_sync(leases.take, server, name, owner, seconds, run_epoch)
        if held is not None:
            return held
        if await anyio.to_thread.run_sync(sharing.tell, server, run_epoch, None):
            return None
        await anyio.sleep(max(0.05, seconds * leases.POLL_SHARE))


async def _work_on(shard: _Shard) -> None:
    from enrich.store.fenced import ShardStore

    settings = all_terms.settings_from(shard.terms, shard.seconds_left)
    await anyio.to_thread.run_sync(sharing.take_over, shard.server, shard.held, shard.name)
    async with ShardStore(shard.url, shard.held, shard.name) as store:
        await store.attach(shard.run_id)
        outcome = await _ask(shard, settings, store)
        left = dict(await store.hosts())
    # Places of links that somebody else will ask are not taken.
    granted = {host: count - left.get(host, 0) for host, count in outcome.granted.items()}
    outcome = replace(outcome, granted=granted)
    kept = [one.target.id for one in outcome.leaving]
    await anyio.to_thread.run_sync(
        sharing.finish, shard.server, shard.held, shard.name, outcomes.encoded(outcome), kept
    )


async def _ask(shard: _Shard, settings: Settings, store: ShardStore) -> Outcome:
    """Ask all that is due in a shard, and gather what its run is to judge."""
    observer, progress = _Observer(), Progress()
    placement = shard.terms.placement
    ground = Ground(
        is_ours=lambda host: placement.shard_of(host) == shard.name,
        check=partial(_check, shard.held),
        is_taken_over=True,
    )

    def fetcher(settings: Settings, holds: Holds) -> Fetcher:
        return make_fetcher(settings, holds=holds, ground=ground)

    job = Job(
        settings=settings, paths=(), observer=observer, now=clock(), is_check=shard.terms.is_check,
        takes_signals=False, fetcher=fetcher,
    )  # fmt: skip
    rule = Confirmation(checks=shard.terms.checks, days=shard.terms.days)
    async with anyio.create_task_group() as telling:
        telling.start_soon(_tell, shard, observer, progress)
        async with prepared(job, store, progress, rule) as work:
            await ask_all(work)
            outcome = _outcome_of(work)
        telling.cancel_scope.cancel()
    await anyio.to_thread.run_sync(_say, shard, observer)
    return outcome


def _check(held: Held) -> bool:
    """A worker does not wait until it is sure again, as a driver does: somebody else may go on sooner than it can."""
    if not held.check():
        raise LeaseLostError(f"{held.name}: the lease was not renewed in time; somebody else goes on")
    return True


async def _tell(shard: _Shard, observer: _Observer, progress: Progress) -> None:
    """Say once a second what was counted, and end the work when the driver wants it to end."""
    while True:
        await anyio.sleep(NEWS_SECONDS)
        is_over = await anyio.to_thread.run_sync(_say, shard, observer)
        if is_over and progress.stop is not None:
            progress.stop()


def _say(shard: _Shard, observer: _Observer) -> bool:
    news, observer.news = observer.news, []
    epoch = shard.held.run_epoch
    assert epoch is not None, "a shard is of a run"
    return sharing.tell(shard.server, epoch, all_news.encoded(news) if news else None)


def _outcome_of(work: Work) -> Outcome:
    asking, progress, fetcher = work.asking, work.progress, work.fetcher
    recorder = asking.recorder
    asked_alive, blocked = recorder.tallies
    return Outcome(
        requests=fetcher.requests,
        answered=fetcher.answered,
        used_proxy=fetcher.has_used_proxy,
        asked_alive=dict(asked_alive),
        blocked=dict(blocked),
        leaving=tuple(map(Leaving.of, recorder.leaving)),
        deferred=tuple(recorder.deferred),
        answers=dict(asking.refusals.answers),
        refusals=dict(asking.refusals.refusals),
        granted=fetcher.places_taken,
        warnings=tuple(progress.warnings),
        said=dict(progress.said),
        internal_errors=tuple(progress.internal_errors),
        witnesses=tuple(fetcher.witnesses()),
    )


@dataclass(slots=True)
class _Observer:
    """Keeps what is counted until it is told."""

    news: list[News] = field(default_factory=list)

    def warned(self, message: str) -> None:
        self.news.append(News(warning=message))

    def counted(self, result: CheckResult, state: TargetState) -> None:
        self.news.append(news_of(result, state))

    def broke(self, target: Target, error: Exception) -> None:
        self.news.append(News(target=target, error=f"{type(error).__name__}: {error}"))

    def waiting(self, seconds: float) -> None:
        self.news.append(News(waiting=seconds))

    def said(self, message: str) -> None:
        """Only drivers say anything of how a run is done."""

    def planned(self, due: int) -> None:
        """The driver knows it of all shards."""

    def foretold(self, bounds: Sequence[Bound], deadline_seconds: float | None) -> None:
        """The driver has told it."""

    def watch(self, workload: Workload | None) -> None:
        """Nobody looks on here."""

    def tick(self) -> None:
        """Nothing is drawn here."""
