"""Holds are stored when they are heard, by the clock of stored dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from enrich.holds import LONGEST_HOLD, Holds
from enrich.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seconds_left(until: Mapping[str, datetime]) -> dict[str, int]:
    return {host: round((moment - datetime.now(UTC)).total_seconds()) for host, moment in until.items()}


@pytest.mark.parametrize(
    "now", [lambda: LONG_AGO, lambda: datetime.now(UTC)], ids=["a set clock", "the real one"]
)
async def test_a_hold_of_one_run_is_known_to_the_next(tmp_path: Path, now: object) -> None:
    async with SqliteStore(tmp_path / "cache.sqlite3") as store:
        holds = Holds(store, now)  # type: ignore[arg-type]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(holds.write)
            for hours in (2, 1):
                holds.add("a.example", datetime.now(UTC) + hours * HOUR)
            await anyio.sleep(0.05)
            holds.add("b.example", datetime.now(UTC) + 1000 * HOUR)
            holds.close()
        later = Holds(store, now)  # type: ignore[arg-type]
        await later.load()
    left = seconds_left(later.until)
    assert left["a.example"] == pytest.approx(7200, abs=300)
    assert left["b.example"] == pytest.approx(LONGEST_HOLD.total_seconds(), abs=300)


async def test_a_hold_is_stored_while_the_run_goes_on(tmp_path: Path) -> None:
    async with SqliteStore(tmp_path / "cache.sqlite3") as store, anyio.create_task_group() as tasks:
        holds = Holds(store, lambda: LONG_AGO)
        tasks.start_soon(holds.write)
        holds.add("a.example", datetime.now(UTC) + HOUR)
        with anyio.fail_after(60):
            while not await store.held_hosts(LONG_AGO):  # noqa: ASYNC110 - a file, not a task
                await anyio.sleep(0.01)
        holds.close()


async def test_a_set_clock_gives_back_what_is_left_of_a_hold(tmp_path: Path) -> None:
    async with SqliteStore(tmp_path / "cache.sqlite3") as store:
        await store.hold_hosts({"a.example": LONG_AGO + HOUR})
        later = Holds(store, lambda: LONG_AGO + HOUR / 2)
        await later.load()
        assert seconds_left(later.until)["a.example"] == pytest.approx(1800, abs=2)
        afterwards = Holds(store, lambda: LONG_AGO + 2 * HOUR)
        await afterwards.load()
        assert afterwards.until == {}


async def test_a_spent_budget_is_known_at_once_and_to_the_next_run_until_its_time(tmp_path: Path) -> None:
    async with SqliteStore(tmp_path / "cache.sqlite3") as store:
        holds = Holds(store, lambda: LONG_AGO)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(holds.write)
            assert not holds.is_spent("api (without a token)")
            holds.spend("api (without a token)", (datetime.now(UTC) + HOUR / 2).timestamp())
            holds.spend("who does not say", None)
            holds.spend("over", (datetime.now(UTC) - HOUR).timestamp())
            holds.spend("nonsense", 1e300)
            assert [holds.is_spent(name) for name in ("api (without a token)", "over")] == [True, False]
            holds.close()
        later = Holds(store, lambda: LONG_AGO + HOUR / 4)
        await later.load()
        assert seconds_left(later.until) == {
            "api (without a token)": pytest.approx(900, abs=2),
            "who does not say": pytest.approx(2700, abs=2),
            "nonsense": pytest.approx(2700, abs=2),
        }
        assert later.is_spent("api (without a token)")
        much_later = Holds(store, lambda: LONG_AGO + 2 * HOUR)
        await much_later.load()
        assert not much_later.is_spent("api (without a token)")
