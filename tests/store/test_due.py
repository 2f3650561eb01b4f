"""What is said of the next check is what the plan does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from enrich.model import CanonicalUrl, CheckResult, Element, Identity, Link, Page, Status, Verdict
from enrich.store.due import Why, next_check
from enrich.store.history import Confirmation
from enrich.store.knowledge import Known, look_up
from enrich.store.opening import open_for_reading
from enrich.store.protocol import Ages, FoundDocument, FoundLink, FoundTarget
from enrich.store.sqlite import SqliteStore

START = datetime(2026, 5, 10, 6, tzinfo=UTC)
DAY = 86400.0
URL = CanonicalUrl("https://a.example/x")
ID = f"url:{URL}"
VERDICTS = {
    "ok": Verdict(Status.OK, "http-200"),
    "404": Verdict(Status.BROKEN, "http-404"),
    "timeout": Verdict(Status.UNREACHABLE, "timeout"),
    "wall": Verdict(Status.BLOCKED, "bot-wall"),
}
AGES = {
    "as they are": Ages(by_kind={"web": (7 * DAY, 30 * DAY)}, spread_by_kind={"web": 2 * DAY}),
    "of a check": Ages(by_kind={"web": (7 * DAY, 30 * DAY)}, metadata=False),
    "metadata each day": Ages(by_kind={"web": (7 * DAY, DAY)}, confirmed_spread=8 * DAY),
    "a general one": Ages(by_kind={"web": (7 * DAY, 30 * DAY)}, max_age=3 * DAY),
    "in every run": Ages(by_kind={"web": (0.0, 0.0)}),
}
SOURCES = {"had": "web", "second-hand": "datacite"}
STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 3, 6]),
        st.sampled_from(sorted(VERDICTS)),
        st.sampled_from(["none", "vain", *SOURCES]),
    ),
    max_size=5,
)


def document(last: bool = False) -> FoundDocument:
    found = FoundTarget(identity=Identity(id=ID, kind="web", url=URL, last=last), host="a.example")
    link = FoundLink(link=Link(url=URL, line=1, column=1, element=Element.BARE), target=found)
    return FoundDocument(path="a.md", title=None, date=None, date_source="none", links=[link])


async def lived(path: Path, steps: list[tuple[int, str, str]], last: bool = False) -> datetime:
    """A cache after these checks; when the last of them was."""
    now = START
    async with SqliteStore(path) as store:
        await store.begin(version="1", options="{}", now=now, fresh=True)
        await store.add([document(last)])
        for days, name, metadata in steps:
            now += timedelta(days=days)
            result = CheckResult(
                target_id=ID, at=now, verdict=VERDICTS[name], wanted_metadata=metadata != "none",
                metadata=Page(title="T") if metadata in SOURCES and name == "ok" else None,
                metadata_source=SOURCES.get(metadata) if name == "ok" else None,
            )  # fmt: skip
            await store.record([result], Confirmation())
    return now


async def due(path: Path, ages: Ages, now: datetime, last: bool = False) -> int:
    async with SqliteStore(path) as store:
        await store.begin(version="1", options="{}", now=now, fresh=True)
        await store.add([document(last)])
        return await store.plan(ages, now)


def known(path: Path, now: datetime) -> Known:
    connection = open_for_reading(path)
    try:
        found = look_up(connection, ID, (), now).known
    finally:
        connection.close()
    assert found is not None
    return found


@given(steps=STEPS, ages=st.sampled_from(sorted(AGES)), last=st.booleans())
@example(steps=[(1, "wall", "none")], ages="of a check", last=True)
@example(steps=[(1, "ok", "second-hand")], ages="as they are", last=False)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_target_is_due_when_it_is_said_to_be_and_not_a_moment_before(
    tmp_path: Path, steps: list[tuple[int, str, str]], ages: str, last: bool
) -> None:
    path = tmp_path / "cache.sqlite3"
    path.unlink(missing_ok=True)
    now = anyio.run(lived, path, steps, last)
    said = next_check(known(path, now).remembered, AGES[ages], now)
    if said.at is None or said.at <= now:
        assert anyio.run(due, path, AGES[ages], now, last) == 1
    else:
        assert anyio.run(due, path, AGES[ages], said.at, last) == 1
        assert anyio.run(due, path, AGES[ages], said.at - timedelta(milliseconds=1), last) == 0


def test_a_moment_in_the_future_is_a_wrong_clock(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    asked = anyio.run(lived, path, [(1, "ok", "had")])
    earlier = asked - timedelta(hours=3)
    assert next_check(known(path, earlier).remembered, AGES["as they are"], earlier).why is Why.WRONG_CLOCK
    assert anyio.run(due, path, AGES["as they are"], earlier) == 1
