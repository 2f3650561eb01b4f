"""What the recorder withholds because it is too much at once, and how it stores what comes fast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
import trio.testing
from own_network import GONE, NOW, OK, WALL, World, running

from enrich.model import CheckResult, TargetState
from enrich.store.history import Confirmation
from enrich.store.recorder import GATHERING_SECONDS, HEARSAY_KEPT

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}


async def leave(
    world: World, gone: dict[str, int], alive: dict[str, int], *, accept: bool = False, **more: Any
) -> Any:
    async with running(world) as run:
        world.answer()
        for verdict, hosts in ((GONE, gone), (OK, alive)):
            for host, count in hosts.items():
                for number in range(count):
                    await run.take(host, verdict, number if verdict is GONE else 10_000 + number, **more)
        return await run.recorder.conclude(NOW, accept=accept)
    raise AssertionError("a task group lets nothing fall through")


SPREAD = {f"host-{number}.example": 3 for number in range(30)}


async def test_a_mass_of_links_that_seem_gone_is_withheld() -> None:
    world = World()
    found = await leave(world, SPREAD, SPREAD)
    assert (found.withheld, found.asked, found.sites) == (90, 180, {})
    assert len(world.withheld) == 90
    assert len(world.recorded) == 180


async def test_a_mass_is_believed_when_the_user_says_so() -> None:
    world = World()
    found = await leave(world, SPREAD, SPREAD, accept=True)
    assert (found.withheld, world.withheld) == (0, {})


async def test_what_was_seen_gone_the_day_before_is_believed() -> None:
    world = World()
    found = await leave(world, SPREAD, SPREAD, doubted_since=datetime(2026, 5, 9, 6, 10, tzinfo=UTC))
    assert (found.withheld, world.withheld) == (0, {})
    world = World()
    found = await leave(world, SPREAD, SPREAD, doubted_since=datetime(2026, 5, 10, 1, tzinfo=UTC))
    assert found.withheld == 90


async def test_links_that_nobody_knew_before_are_no_mass() -> None:
    world = World()
    found = await leave(world, SPREAD, SPREAD, was=None)
    assert (found.withheld, world.withheld) == (0, {})


async def test_a_site_that_changed_is_one_finding_and_keeps_its_verdicts() -> None:
    world = World()
    found = await leave(
        world, {"big.example": 40, "other.example": 2}, {"big.example": 2, "other.example": 9}
    )
    assert [(host, change.gone, change.asked) for host, change in found.sites.items()] == [
        ("big.example", 40, 42)
    ]
    assert found.withheld == 0
    assert {name.split("/")[0] for name in world.withheld} == {"big.example"}
    assert len(world.withheld) == 40


async def test_a_wall_in_front_of_a_site_is_told_of() -> None:
    world = World()
    async with running(world) as run:
        world.answer()
        for number in range(30):
            await run.take("walled.example", WALL, number)
        found = await run.recorder.conclude(NOW)
    assert list(found.walls) == ["walled.example"]
    assert world.withheld == {}


async def test_results_that_come_faster_than_they_are_stored_wait_to_be_handed_in() -> None:
    world = World()
    store, handed_in, most = world.record, 0, 0

    async def slow_record(results: Sequence[CheckResult], rule: Confirmation) -> list[TargetState]:
        await anyio.sleep(10.0)
        return await store(results, rule)

    world.record = slow_record  # type: ignore[method-assign]
    async with running(world) as run, anyio.create_task_group() as tasks:

        async def worker(name: str) -> None:
            nonlocal handed_in, most
            for number in range(300):
                world.answer(safely=False)
                await run.take(f"{name}.example", OK, number, plain=True)
                handed_in += 1
                most = max(most, handed_in - len(world.recorded))

        for name in range(20):
            tasks.start_soon(worker, f"host-{name}")
    # What lies in the stream to the store and in its hands, one bundle on its way there, and the next one.
    assert most <= 1000 + 100 + 2 * HEARSAY_KEPT + 20


async def test_what_follows_a_result_soon_is_stored_with_what_follows_it() -> None:
    world = World()
    store, batches = world.record, list[int]()

    async def record(results: Sequence[CheckResult], rule: Confirmation) -> list[TargetState]:
        batches.append(len(results))
        return await store(results, rule)

    world.record = record  # type: ignore[method-assign]
    async with running(world) as run:
        for number in range(101):
            await run.take("a.example", OK, number)
        began = anyio.current_time()
    assert (batches[0], sum(batches)) == (1, 101), "nobody waits for company, and nothing is lost"
    assert len(batches) <= 101 * 0.01 / GATHERING_SECONDS + 2
    assert anyio.current_time() == began, "nor does the end of a run"
