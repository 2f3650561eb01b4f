"""One owner at a time, by the clock of the database; what an earlier owner still writes is refused."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import anyio
import pytest
from postgres import Postgres

from enrich.errors import CacheBusyError, LeaseLostError, first_of
from enrich.store import leases
from enrich.store.fenced import FencedStore
from enrich.store.leases import Held, fence_off, holding, release, renew, take
from enrich.store.server import Server

pytestmark = pytest.mark.anyio

LONG, SHORT = 600.0, 0.2


@pytest.fixture
def server(postgres_url: str) -> Iterator[Server]:
    with Server(postgres_url) as server:
        yield server


def taken(
    server: Server, name: str, owner: str, seconds: float = LONG, run_epoch: int | None = None
) -> Held:
    held = take(server, name, owner, seconds, run_epoch)
    assert held is not None
    return held


async def after_its_time(server: Server, name: str, owner: str) -> Held:
    """A lease that somebody else lets run out."""
    for _ in range(3000):
        if (held := take(server, name, owner, LONG)) is not None:
            return held
        await anyio.sleep(0.02)
    raise AssertionError("it did not run out")


def test_what_one_holds_nobody_else_gets(server: Server) -> None:
    taken(server, "run", "one")
    assert take(server, "run", "two", LONG) is None


def test_what_is_given_back_is_free_under_the_next_epoch(server: Server) -> None:
    first = taken(server, "run", "one")
    release(server, first)
    assert taken(server, "run", "two").epoch == first.epoch + 1


async def test_what_is_not_renewed_is_free_when_its_time_is_over(server: Server) -> None:
    first = taken(server, "run", "one", SHORT)
    second = await after_its_time(server, "run", "two")
    assert second.epoch == first.epoch + 1
    with pytest.raises(LeaseLostError):
        renew(server, first)
    renew(server, second)


async def test_what_ended_and_nobody_took_may_be_renewed(server: Server) -> None:
    held = taken(server, "run", "one", SHORT)
    await anyio.sleep(2 * SHORT)
    renew(server, held)
    assert held.epoch == 1


def test_nothing_is_asked_in_the_last_sixth_of_a_lease() -> None:
    now = 100.0
    held = Held(
        name="shard 1", epoch=1, owner="one", seconds=30, run_epoch=1, deadline=130.0, clock=lambda: now
    )
    assert held.check()
    now = 124.9
    assert held.check()
    now = 125.0
    assert not held.check()
    held.deadline = 155.0
    assert held.check(), "it was renewed, so nobody else had it meanwhile"
    held.lost = True
    with pytest.raises(LeaseLostError):
        held.check()


def test_a_lease_ends_while_the_machine_sleeps(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sleep is what the monotonic clock of Linux does not count."""
    held = taken(server, "run", "one")
    assert held.check()
    now = held.clock()
    monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime", lambda _: now + 2 * LONG, raising=False)
    assert not held.check()


def test_the_time_of_a_lease_counts_from_before_it_was_asked_for(server: Server) -> None:
    held = taken(server, "run", "one")
    now = iter([1000.0, 2000.0])
    held.clock = lambda: next(now)
    renew(server, held)
    assert held.deadline == 1000.0 + LONG


def test_a_shard_is_nobodys_once_its_run_is_over(server: Server) -> None:
    run = taken(server, "run", "driver")
    shard = taken(server, "shard 1", "worker", run_epoch=run.epoch)
    release(server, run)
    again = taken(server, "run", "another driver")
    with pytest.raises(LeaseLostError):
        renew(server, shard)
    assert take(server, "shard 2", "worker", LONG, run.epoch) is None
    assert take(server, "shard 2", "worker", LONG, again.epoch) is not None


def test_workers_of_an_earlier_run_are_fenced_off_and_keep_their_hosts_until_their_leases_end(
    server: Server,
) -> None:
    run = taken(server, "run", "driver")
    shard = taken(server, "shard 1", "worker", run_epoch=run.epoch)
    fence_off(server)
    with pytest.raises(LeaseLostError):
        renew(server, shard)
    assert take(server, "shard 1", "another worker", LONG, run.epoch) is None


async def test_what_a_woken_owner_writes_is_refused(server: Server, postgres_url: str) -> None:
    first = taken(server, "run", "one", SHORT)
    async with FencedStore(postgres_url, first) as store:
        now = datetime(2026, 11, 1, tzinfo=UTC)
        await store.begin(version="1", options="{}", now=now, fresh=False)
        await after_its_time(server, "run", "two")
        with pytest.raises(LeaseLostError):
            await store.hold_hosts({"example.org": now})
        assert await store.held_hosts(now) == {}
        with pytest.raises(LeaseLostError):
            first.check()


async def test_who_loses_a_lease_is_stopped(server: Server) -> None:
    held = taken(server, "run", "one", SHORT)

    async def work() -> None:
        async with holding(server, held):
            server.ask("UPDATE lease SET epoch = epoch + 1")
            await anyio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as raised:
        await work()
    assert first_of(raised.value, LeaseLostError) is not None


async def test_a_lease_that_is_held_is_renewed(server: Server) -> None:
    held = taken(server, "run", "one", 15.0)
    first = held.deadline
    held.deadline -= 10.0  # a third of its time seems to be over
    async with holding(server, held):
        while held.deadline <= first:  # noqa: ASYNC110 - what is waited for happens in a thread
            await anyio.sleep(SHORT)
        assert take(server, "run", "two", LONG) is None
    assert take(server, "run", "two", LONG) is not None


def test_nobody_waits_for_a_process_of_this_machine_that_was_killed(server: Server) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from enrich.store.leases import somebody; print(somebody())"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    owner = process.communicate()[0].strip()
    taken(server, "run", owner)
    leases.take_from_the_dead(server)
    assert taken(server, "run", leases.somebody()).epoch == 2
    leases.take_from_the_dead(server)
    assert take(server, "run", "another", LONG) is None


@pytest.mark.parametrize(
    "owner", ["", "host", "host 1 somewhere abc", "host 999999999 0badcafe abc", "host x y z"]
)
def test_of_other_machines_nobody_says_that_a_process_is_dead(owner: str) -> None:
    assert not leases.is_dead(owner)


async def test_a_cache_that_a_run_holds_is_busy(server: Server, postgres_url: str) -> None:
    from enrich.engine.driver import holding_run

    taken(server, "run", "somebody on another machine")
    with pytest.raises(CacheBusyError, match="somebody on another machine"):
        async with holding_run(postgres_url, 0.0, LONG):
            pass


def test_a_role_that_may_only_read_sees_who_holds_what(
    server: Server, postgres: Postgres, postgres_url: str
) -> None:
    taken(server, "api arxiv", "one")
    with Server(postgres_url, reading=True) as reader:
        (lease,) = leases.leases(reader)
    assert (lease.name, lease.owner, lease.epoch) == ("api arxiv", "one", 1)
    assert 0 < lease.seconds <= LONG
