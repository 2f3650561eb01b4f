"""Verdicts last differently long, so that what was first checked in one night is not due in one night for ever."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.config import load
from enrich.equipment import ages_of
from enrich.model import CheckResult, Element, Identity, Link, Page, Status, Verdict
from enrich.store.ages import DAY_MILLISECONDS as DAY
from enrich.store.ages import dice, jitter
from enrich.store.history import Confirmation
from enrich.store.protocol import FoundDocument, FoundLink, FoundTarget
from enrich.store.sqlite import SqliteStore

START = datetime(2026, 5, 10, 3, tzinfo=UTC)
NIGHT = timedelta(days=1)
OK = Verdict(Status.OK, "http-200")


def test_the_dice_are_the_same_on_every_machine() -> None:
    names = ("url:https://a.example/", "arxiv:2205.02101")
    assert [round(dice(name, 1778382000000), 6) for name in names] == [0.48894, 0.869387]
    assert dice("x", 1) != dice("x", 2)


@given(
    st.text(max_size=9),
    st.integers(0, 2**45),
    st.sampled_from([0, 1, 999, DAY // 3, DAY, 2 * DAY, 8 * DAY]),
)
def test_a_verdict_lasts_its_age_give_or_take_its_spread(target_id: str, at: int, spread: int) -> None:
    assert -spread <= jitter(target_id, at, spread) <= spread


@pytest.mark.parametrize("spread", [2, 8])
def test_every_night_of_the_range_has_its_share(spread: int) -> None:
    nights = Counter(-(-jitter(f"url:{n}", 5, spread * DAY) // DAY) for n in range(10_000))
    assert set(nights) == set(range(-spread, spread + 1))
    share = 10_000 / len(nights)
    assert all(0.75 * share < count < 1.25 * share for count in nights.values())


async def nightly_load(path: Path, kind: str, targets: int, nights: int) -> list[int]:
    """How many targets each night asks, the first one left out, when all are found on one day and stay alive."""
    host = {"wechat": "mp.weixin.qq.com"}.get(kind, "a.example")
    found = [
        FoundTarget(identity=Identity(id=f"{kind}:{n}", kind=kind, url=f"https://{host}/{n}"), host=host)  # type: ignore[arg-type]
        for n in range(targets)
    ]
    links = [
        FoundLink(link=Link(url=one.identity.url, line=1, column=1, element=Element.BARE), target=one)
        for one in found
    ]
    document = FoundDocument(path="a.md", title=None, date=None, date_source="none", links=links)
    ages, asked = ages_of(load("run", {}, environ={}, use_files=False), is_check=False), []
    async with SqliteStore(path) as store:
        for night in range(nights + 1):
            now = START + night * NIGHT
            await store.begin(version="1", options="{}", now=now, fresh=True)
            await store.add([document])
            await store.plan(ages, now)
            due = await store.take(host, targets)
            asked.append(len(due))
            results = [
                CheckResult(target_id=one.target.id, at=now + timedelta(seconds=place), verdict=OK,
                            wanted_metadata=one.wants_metadata, metadata=Page() if one.wants_metadata else None)
                for place, one in enumerate(due)
            ]  # fmt: skip
            await store.record(results, Confirmation())
            await store.finish(complete=True, now=now)
    assert asked[0] == targets
    return asked[1:]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("targets", "nights"), [(1_000, 24), pytest.param(10_000, 60, marks=pytest.mark.soak)]
)
async def test_after_a_cold_start_no_night_asks_more_than_twice_the_mean(
    tmp_path: Path, targets: int, nights: int
) -> None:
    """New metadata come with a check that is due anyway, so that they make no night of their own."""
    load = await nightly_load(tmp_path / "cache.sqlite3", "web", targets, nights)
    assert load[:4] == [0, 0, 0, 0]
    assert max(load) <= 2 * sum(load) / nights
    assert sum(load) > 0.8 * targets * nights / 7


@pytest.mark.anyio
async def test_articles_of_wechat_are_asked_after_22_to_38_nights(tmp_path: Path) -> None:
    load = await nightly_load(tmp_path / "cache.sqlite3", "wechat", 400, 40)
    assert sum(load[:21]) == 0
    assert all(load[21:38])
    assert max(load) <= 2 * sum(load[21:38]) / 17
