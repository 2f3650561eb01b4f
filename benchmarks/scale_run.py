"""A run in virtual time: the real scheduler over a simulated web and store, night after night.

Lanes, turns, redirects, batches, retries and judging are the code that users run; what `enrich.pipeline` puts
together for a run is put together here. Each worker has a loop and hosts of its own, as machines would have.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import anyio

from benchmarks import virtual_time
from benchmarks.scale_mix import CLASSES, WECHAT, Collection
from benchmarks.scale_store import CountingStore
from benchmarks.scale_web import SimulatedWeb, Visits
from benchmarks.virtual_time import Clock
from enrich.asking import Asking
from enrich.bounds import Bound
from enrich.checking import check_all, look_again
from enrich.config import Settings, load
from enrich.equipment import make_fetcher
from enrich.fetch.client import Fetcher
from enrich.forecast import forecast
from enrich.lookup import look_up
from enrich.model import Api, Fetch, Outcome, Request, Target
from enrich.network import Network, Outages
from enrich.store.history import Confirmation
from enrich.store.protocol import Store
from enrich.store.recorder import Recorder
from enrich.urls import host_of

# What a question costs the processor of who asks, store included: docs/scale.md says how that was measured.
COST_SECONDS = 0.0006
BEGAN = datetime(2026, 1, 1, 3, tzinfo=UTC)
NIGHT_SECONDS = 86_400.0
# All that an answer of the simulated web may mean.
_FOUND = frozenset({"http-200", "doi-found", "wechat-article", "github-found", "arxiv-found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked for, by so many workers: verdicts, and with ``facts`` also what everything stands for."""

    collection: Collection
    workers: int = 1
    facts: bool = True
    cost_seconds: float = COST_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """How long asking for everything once takes: seconds of the first run by class, and how many runs, a night apart.

    There are several ``nights`` where a host takes only so many questions a day. ``visits`` are what each host saw.
    """

    seconds: Mapping[str, float]
    nights: int
    visits: Mapping[str, Visits] = field(default_factory=dict)

    @property
    def slowest_first(self) -> list[str]:
        """The classes by when they are through; several nights outlast any single one."""
        # No other has a share of the day.
        waiting = {WECHAT: (self.nights - 1) * NIGHT_SECONDS}
        return sorted(self.seconds, key=lambda name: -max(self.seconds[name], waiting.get(name, 0.0)))


def default_settings() -> Settings:
    """What holds where nobody sets anything."""
    with TemporaryDirectory(prefix="enrich-benchmark-") as folder:
        return load("run", {}, environ={}, folder=Path(folder))


def simulated(plan: Plan) -> Pass:
    """Ask for everything until nothing waits for a turn. AssertionError where anything is lost or asked for twice."""
    runs = [virtual_time.run(partial(_nights, part)) for part in shares(plan)]
    known = [name for name in CLASSES if any(name in run.seconds for run in runs)]
    return Pass(
        seconds={name: max(run.seconds.get(name, 0.0) for run in runs) for name in known},
        nights=max(run.nights for run in runs),
        visits={host: seen for run in runs for host, seen in run.visits.items()},
    )


def shares(plan: Plan) -> list[Plan]:
    """What each worker has to do: hosts by hash, and each API is asked by one worker alone."""
    whole, apis = plan.collection, sorted(plan.collection.by_api)

    def part(number: int) -> Collection:
        hosts = {name: count for name, count in whole.hosts.items() if _place(name, plan.workers) == number}
        by_api = {kind: whole.by_api[kind] for kind in apis[number :: plan.workers]}
        return replace(whole, hosts=hosts, by_api=by_api)

    return [replace(plan, collection=part(number), workers=1) for number in range(plan.workers)]


def _place(host: str, workers: int) -> int:
    return zlib.crc32(host.encode()) % workers


async def _nights(plan: Plan, clock: Clock) -> Pass:
    """Run after run, a night apart, as cron begins them."""
    store, web = CountingStore(plan.collection, facts=plan.facts), SimulatedWeb(clock, plan.cost_seconds)
    settings, nights = default_settings(), 0
    first: dict[str, float] = {}
    while nights == 0 or store.waiting_count:
        store.next_run()
        await anyio.sleep_until(nights * NIGHT_SECONDS)
        await _run(settings, store, web, clock)
        nights += 1
        first = first or dict(web.last_answers())
    if store.recorded.total() != plan.collection.targets or set(store.recorded) - _FOUND:
        raise AssertionError(f"of {plan.collection.targets} targets were recorded: {dict(store.recorded)}")
    return Pass(seconds=first, nights=nights, visits=web.visits)


async def _run(settings: Settings, store: CountingStore, web: SimulatedWeb, clock: Clock) -> None:
    async with make_fetcher(settings, transport=web) as fetcher:
        asking = asking_of(settings, store, fetcher, clock)
        async with anyio.create_task_group() as writing:
            writing.start_soon(asking.recorder.write)
            async with anyio.create_task_group() as tasks:
                for kind in await store.kinds_by_api():
                    tasks.start_soon(look_up, asking, kind)
                tasks.start_soon(check_all, asking)
            if await asking.outages.settle():
                await look_again(asking)
            await asking.recorder.conclude(asking.now())
            await asking.recorder.close()


def asking_of(settings: Settings, store: CountingStore, fetcher: Fetcher, clock: Clock) -> Asking:
    """What `enrich.pipeline` makes for a run, with this store and this clock."""
    network, all_of_it = Network(fetcher, _no_canaries), cast("Store", store)
    recorder = Recorder(all_of_it, Confirmation(), proofs=network, counted=lambda _result, _state: None)
    stopping = anyio.Event()
    return Asking(
        store=all_of_it,
        fetch=fetcher.fetch,
        api=Api(fetch=_for_threads(fetcher.fetch, clock), github_token="of nobody"),  # noqa: S106
        recorder=recorder,
        now=lambda: BEGAN + timedelta(seconds=clock.now),
        manners_of=settings.manners_of,
        budget_of=settings.budget_of,
        grant=fetcher.grant,
        hold_back=fetcher.hold_back,
        accept_of=lambda _host: frozenset(),
        names_resolved=lambda: fetcher.names_resolved,
        outages=Outages(network, recorder, store.put_back, wait_seconds=300, stopping=stopping),
        broke=_broke,
        stopping=stopping,
    )


async def _no_canaries() -> Sequence[str]:
    return ()


def _broke(_target: Target, error: Exception) -> None:
    raise error


def _for_threads(fetch: Fetch, clock: Clock) -> Fetch:
    """The fetch of APIs: that for arXiv is called from a thread, which waits for the loop meanwhile."""
    arxiv = host_of(Api(fetch=fetch).arxiv_api_url)

    async def asked(request: Request) -> Outcome:
        if host_of(request.url) != arxiv:
            return await fetch(request)
        with clock.answering_thread():
            return await fetch(request)

    return asked


def foretold(collection: Collection) -> list[Bound]:
    """What `enrich run` says of slow hosts before it begins, by the code that says it."""

    async def main(clock: Clock) -> list[Bound]:
        settings, store = default_settings(), CountingStore(collection, facts=True)
        async with make_fetcher(settings, transport=SimulatedWeb(clock, 0.0)) as fetcher:
            store.next_run()
            asking = asking_of(settings, store, fetcher, clock)
            await asking.recorder.close()
            await asking.recorder.write()
            return await forecast(asking)

    return virtual_time.run(main)
