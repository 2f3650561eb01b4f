"""The driver's side of a run on many machines: deal out, listen, and take over what workers leave.

What comes back from the workers goes into the recorder of the run as if it had been found here, so that the run is
judged and told by the same code wherever it was asked. Whatever is due after that is asked by the driver itself, at the
very end, when it is the only one that asks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b

import anyio
import anyio.to_thread

from enrich import __version__
from enrich.bounds import gap_of
from enrich.config import Settings
from enrich.engine import dask, news, outcome, terms, worker
from enrich.engine.outcome import Outcome
from enrich.engine.protocol import Engine
from enrich.engine.shards import Placement, Shard, placement_of, shards_of, shards_of_apis
from enrich.errors import CacheBusyError, LeaseLostError
from enrich.job import Job
from enrich.location import shown
from enrich.registry import kinds
from enrich.spelling import numbered
from enrich.store import leases, sharing
from enrich.store.leases import Held
from enrich.store.server import Server
from enrich.urls import host_of
from enrich.working import Work

NEWS_SECONDS = 0.5
# Longer than the longest gap of any host. An interrupt ends the wait for others so soon.
ASKED_LATELY_SECONDS = 60.0
WAITED_AT_ONCE_SECONDS = 0.5
# Of a deadline, the driver keeps so much for what workers leave to it.
DRIVERS_SHARE = 0.15


@asynccontextmanager
async def workers(job: Job, held: HeldRun, run_id: str) -> AsyncIterator[Callable[[Work], Awaitable[None]]]:
    """While it lasts, a cluster is there, and what asks by it."""
    settings = job.settings
    where = dask.where_of(settings["engine"], settings["insecure_cluster"])
    environment = {worker.CACHE_VARIABLE: held.url, **terms.secrets_of(settings)}
    async with dask.cluster(where, environment, settings["lease"], run_id) as client:
        engine = dask.DaskEngine(client, run_id, held.lease.epoch)
        asks = _told(where)
        shown_at = f"; the cluster shows itself at {engine.dashboard}" if engine.dashboard else ""
        job.observer.said(f"{asks}, {numbered(engine.slots, 'shard')} at a time{shown_at}")

        async def ask(work: Work) -> None:
            await ask_by_workers(
                Driver(server=held.server, held=held.lease, run_id=run_id, engine=engine), work
            )

        yield ask


def _told(where: dask.Where) -> str:
    """Who asks."""
    if where.local is None:
        return f"{where.address} asks"
    return numbered(where.local, "process of this machine asks", "processes of this machine ask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """What a driver has at hand: the server, its own lease, and the run that it began."""

    server: Server
    held: Held
    run_id: str
    engine: Engine


async def ask_by_workers(driver: Driver, work: Work) -> None:
    """Have all that is due asked by workers, as far as they can tell it; the rest is due when they are through."""
    placement, shards = await _dealt(work, driver.engine.slots)
    await _lay_out(driver, work, placement, shards)
    for shard in shards:
        driver.engine.submit(shard)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_listen, driver, work)
            tasks.start_soon(_stop_with, driver, work)
            await _until_ended(driver, work)
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await driver.engine.close()
            await anyio.to_thread.run_sync(_end_all, driver)
            await _hear(driver, work)
            await _take_in(driver, work)


def _end_all(driver: Driver) -> None:
    """Whoever is still at work, where the run was cut off or fails, is to end, and writes nothing more."""
    sharing.stop(driver.server, driver.held.epoch)
    leases.fence_off(driver.server)


async def _dealt(work: Work, slots: int) -> tuple[Placement, Sequence[Shard]]:
    """How the hosts with due links are dealt out."""
    asking = work.asking
    hosts, due_kinds = await asking.store.hosts(), await asking.store.kinds_by_api()
    apis = shards_of_apis(_hosts_of_apis(work))
    names = {kind: _with_token(name, work.job.settings) for kind, (name, _) in apis.items()}
    named = {site: names[kind] for kind, (_, sites) in apis.items() for site in sites}
    placement = placement_of(hosts, named, slots)
    asking.backlog.ahead = sum(count for _, count in (*hosts, *await asking.store.due_by_api()))

    def seconds_of(host: str, count: int) -> float:
        return count * gap_of(asking.manners_of(host))

    return placement, shards_of(placement, hosts, {kind: names[kind] for kind in due_kinds}, seconds_of)


def _hosts_of_apis(work: Work) -> dict[str, set[str]]:
    """The hosts of the kinds that have manners of their own, among which those with an API are asked by one owner."""
    api = work.asking.api
    found = {
        kind.name: {*kind.manners, *filter(None, [host_of(kind.api_url(api) or "")])}
        for kind in kinds().values()
    }
    if api.datacite_url is not None:
        found["arxiv"].add(host_of(api.datacite_url))
    by_api = {kind.name for kind in kinds().values() if kind.look_up is not None}
    sites = shards_of_apis({name: hosts for name, hosts in found.items() if hosts})
    together = {name for name, (_, own) in sites.items() for other in by_api if own & sites[other][1]}
    return {name: found[name] for name in together}


def _with_token(name: str, settings: Settings) -> str:
    """The lease of a budget that belongs to a token is named by it, and does not tell it."""
    if "github" not in name.split() or settings["github_token"] is None:
        return name
    return f"{name} {blake2b(settings['github_token'].encode(), digest_size=8).hexdigest()}"


async def _lay_out(driver: Driver, work: Work, placement: Placement, shards: Sequence[Shard]) -> None:
    settings = work.job.settings
    deadline = settings["deadline"]
    told = terms.encoded(terms.terms_of(settings, __version__, placement))

    def lay_out() -> None:
        sharing.lay_out(
            driver.server,
            driver.held,
            driver.run_id,
            told,
            deadline_seconds=None if deadline is None else deadline * (1 - DRIVERS_SHARE),
            shards=[shard.name for shard in shards],
            shard_of_hosts={host: shard.name for shard in shards for host in shard.hosts},
            shard_of_kinds={kind: shard.name for shard in shards for kind in shard.kinds},
        )

    await anyio.to_thread.run_sync(lay_out)


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A shared cache that is held for a run."""

    url: str
    server: Server
    lease: Held


@asynccontextmanager
async def holding_run(url: str, wait_seconds: float, lease_seconds: float) -> AsyncIterator[HeldRun]:
    """Hold a shared cache as long as this lasts; CacheBusyError when another run holds it for longer than the wait.

    What workers of an earlier run still write is refused from here on.
    """
    end, owner = anyio.current_time() + wait_seconds, leases.somebody()
    with Server(url) as server:
        await anyio.to_thread.run_sync(leases.take_from_the_dead, server)
        while (
            held := await anyio.to_thread.run_sync(leases.take, server, leases.RUN, owner, lease_seconds)
        ) is None:
            if anyio.current_time() >= end:
                raise await anyio.to_thread.run_sync(_busy, server, url)
            await anyio.sleep(lease_seconds * leases.POLL_SHARE)
        async with leases.holding(server, held):
            await anyio.to_thread.run_sync(leases.fence_off, server)
            yield HeldRun(url, server, held)


async def until_nobody_else_asks(held: HeldRun, job: Job, is_over: Callable[[], bool]) -> bool:
    """Wait for the leases by which workers of an earlier run may still ask, which know of no driver's death.

    Returns whether anybody asked lately, after whom the first question to each host keeps the gap.
    """
    left = lately = await anyio.to_thread.run_sync(leases.seconds_of_others, held.server)
    if left > 0:
        job.observer.said(
            f"workers of an earlier run may ask for {left:.0f} s more: waiting until their leases end"
        )
    while left > 0 and not is_over():
        await anyio.sleep(min(left, WAITED_AT_ONCE_SECONDS))
        left = await anyio.to_thread.run_sync(leases.seconds_of_others, held.server)
    return lately > -ASKED_LATELY_SECONDS


def _busy(server: Server, url: str) -> CacheBusyError:
    own = next((one for one in leases.leases(server) if one.name == leases.RUN), None)
    who = f"{own.owner}, for {max(0.0, own.seconds):.0f} s more" if own else "another run"
    return CacheBusyError(
        f"{shown(url)}: another run holds this cache ({who})",
        hint="--wait 10m waits for it; `enrich leases` shows who holds what; one that was killed lets go by itself",
    )


async def _until_ended(driver: Driver, work: Work) -> None:
    """Wait for all shards. What keeps one from being worked on anywhere is raised; lost workers are told of."""
    async for ended in driver.engine.as_completed():
        error = ended.error
        if error is None or isinstance(error, LeaseLostError):
            continue
        if type(error).__name__ not in ("KilledWorker", "StorageError", "CancelledError"):
            raise error
        work.job.observer.warned(
            f"{ended.shard}: no worker could finish it ({error}); the driver goes on with it"
        )
    await _wait_for_leases(driver)


async def _wait_for_leases(driver: Driver) -> None:
    """Until nobody can be asking the hosts of a shard that has not come to its end."""
    owner = leases.somebody()
    left = [name for name, told in (await _outcomes(driver)).items() if told is None]
    if left:
        # A worker that the cluster lost sight of may live on, and would take the lease when it is given back here.
        await anyio.to_thread.run_sync(sharing.stop, driver.server, driver.held.epoch)
    for name in left:
        while True:
            held = await anyio.to_thread.run_sync(
                leases.take, driver.server, name, owner, driver.held.seconds, driver.held.epoch
            )
            if held is not None:
                break
            await anyio.sleep(driver.held.seconds * leases.POLL_SHARE)
        if not await anyio.to_thread.run_sync(sharing.is_done, driver.server, driver.held.epoch, name):
            await anyio.to_thread.run_sync(sharing.take_over, driver.server, held, name)
        await anyio.to_thread.run_sync(leases.release, driver.server, held)


async def _outcomes(driver: Driver) -> Mapping[str, str | None]:
    return await anyio.to_thread.run_sync(sharing.outcomes, driver.server, driver.held.epoch)


async def _listen(driver: Driver, work: Work) -> None:
    while True:
        await anyio.sleep(NEWS_SECONDS)
        await _hear(driver, work)


async def _hear(driver: Driver, work: Work) -> None:
    """Show what workers told."""
    told = await anyio.to_thread.run_sync(sharing.hear, driver.server, driver.held.epoch)
    for text in told:
        work.asking.backlog.ahead -= news.pass_on(text, work.job.observer)


async def _stop_with(driver: Driver, work: Work) -> None:
    """Have the workers end as soon as the run is to end."""
    await work.asking.stopping.wait()
    await anyio.to_thread.run_sync(sharing.stop, driver.server, driver.held.epoch)


async def _take_in(driver: Driver, work: Work) -> None:
    """Take over what the shards that are over leave to the run as a whole."""
    found = [told for told in (await _outcomes(driver)).values() if told is not None]
    take_in(outcome.merged([outcome.decoded(told) for told in found]), work)
    # What hosts asked of workers holds for the driver.
    await work.holds.load()
    work.fetcher.remember(work.holds.until)


def take_in(whole: Outcome, work: Work) -> None:
    """As if all of it had been found here."""
    asking, progress = work.asking, work.progress
    asking.recorder.add([one.asked() for one in whole.leaving], whole.asked_alive, whole.blocked)
    asking.recorder.deferred.extend(whole.deferred)
    asking.refusals.answers.update(whole.answers)
    asking.refusals.refusals.update(whole.refusals)
    for host, count in whole.granted.items():
        work.fetcher.grant(host, count)
    for code in whole.warnings:
        progress.warn(code, whole.said.get(code))
    progress.internal_errors.extend(whole.internal_errors)
    progress.requests += whole.requests
    progress.answered = progress.answered or whole.answered
    progress.witnesses = whole.witnesses
    if whole.used_proxy:
        progress.warn("addresses-by-proxy")
