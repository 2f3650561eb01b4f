"""What is asked again, after how long, and which hosts are left alone for a while."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import httpx
import pytest
from anyio import create_task_group as task_group
from fetching import answer, ask, failure, fetcher, names, settings
from origin import Answer, serve

from enrich.fetch.client import Fetcher
from enrich.model import FailureKind, Manners, Outcome, Request

pytestmark = pytest.mark.anyio


ONE_BY_ONE = Manners(width=1, interval_seconds=0.05)


async def test_a_server_that_recovers_is_alive() -> None:
    async with serve() as origin:
        origin.script("/flaky", Answer(503), Answer(503), Answer(200, body=b"back"))
        response = answer(await ask(origin.url("/flaky"), retries=2))
    assert (response.status, response.body, response.attempts) == (200, b"back", 3)


async def test_what_was_asked_before_in_another_form_counts_among_the_tries() -> None:
    async with serve() as origin, fetcher(retries=2) as asking:
        origin.script("/down", *[Answer(503)] * 5)
        found = answer(await asking.fetch(Request(url=origin.url("/down"), asked_before=1)))
    assert (found.status, found.attempts) == (503, 2)


async def test_the_more_hosts_there_are_the_more_is_asked_at_once() -> None:
    """Each host is asked one by one, and nobody is answered before all have been asked."""
    waiting: set[str] = set()
    all_wait = anyio.Event()

    async def web(request: httpx.Request) -> httpx.Response:
        waiting.add(request.url.host)
        if len(waiting) == 8:
            all_wait.set()
        await all_wait.wait()
        return httpx.Response(200)

    given = settings(concurrency=2, most_concurrency=10, manners_of=lambda _: ONE_BY_ONE)
    async with Fetcher(given, httpx.MockTransport(web)) as asking, task_group() as tasks:
        for number in range(8):
            tasks.start_soon(asking.fetch, Request(url=f"http://{number}.example/"))
    assert len(waiting) == 8


async def test_the_last_answer_stands_when_the_retries_are_used_up() -> None:
    async with serve() as origin:
        origin.script("/down", Answer(500), Answer(502), Answer(503))
        response = answer(await ask(origin.url("/down"), retries=2))
    assert (response.status, response.attempts, len(origin.arrivals)) == (503, 3, 3)


@pytest.mark.parametrize(("path", "times"), [("/status/404", 1), ("/rst", 3), ("/empty", 3), ("/loop", 1)])
async def test_only_trouble_of_the_moment_is_asked_about_again(path: str, times: int) -> None:
    async with serve() as origin:
        outcome = await ask(origin.url(path), retries=2)
    assert (outcome.attempts, len(origin.arrivals)) == (times, times)


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_retry_after_holds_the_whole_host_back(form: str) -> None:
    def now() -> datetime:
        return datetime(2026, 11, 21, 6, tzinfo=UTC)

    later = "1" if form == "seconds" else format_datetime(now() + timedelta(seconds=1), usegmt=True)
    is_held = anyio.Event()
    holding = Fetcher(settings(retries=1), now=now, on_hold=lambda _host, _until: is_held.set())
    async with serve() as origin, holding as asking:
        origin.script("/busy", Answer(429, {"Retry-After": later}), Answer(200))
        outcomes: list[Outcome] = []

        async def keep(path: str) -> None:
            outcomes.append(await asking.fetch(Request(url=origin.url(path))))

        async with task_group() as tasks:
            tasks.start_soon(keep, "/busy")
            await is_held.wait()
            tasks.start_soon(keep, "/ok")
    assert [answer(outcome).status for outcome in outcomes] == [200, 200]
    first, *rest = [arrival.at for arrival in origin.arrivals]
    assert min(rest) - first >= 0.95


async def test_a_host_that_wants_too_much_patience_is_deferred() -> None:
    async with serve() as origin, fetcher(retries=2, patience_seconds=10) as asking:
        origin.script("/busy", Answer(503, {"Retry-After": "3600"}))
        first = answer(await asking.fetch(Request(url=origin.url("/busy"))))
        second = failure(await asking.fetch(Request(url=origin.url("/ok"))))
    assert (first.status, first.attempts) == (503, 1)
    assert second.kind is FailureKind.HOST_DEFERRED
    assert second.detail.startswith("asked to wait until 20")
    assert len(origin.arrivals) == 1


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("1", 1.0), ("3600", 3600.0), (None, 0.01), ("99999999999", 366 * 86400.0)]
)
async def test_whoever_keeps_holds_is_told_of_each_before_the_answer(
    retry_after: str | None, seconds: float
) -> None:
    now = datetime(2026, 11, 21, 6, tzinfo=UTC)
    told: list[tuple[str, datetime]] = []
    headers = {"Retry-After": retry_after} if retry_after else {}
    async with (
        serve() as origin,
        Fetcher(
            settings(), now=lambda: now, on_hold=lambda host, until: told.append((host, until))
        ) as asking,
    ):
        origin.script("/busy", Answer(429, headers))
        answer(await asking.fetch(Request(url=origin.url("/busy"))))
    assert told == [("127.0.0.1", now + timedelta(seconds=seconds))]


@pytest.mark.parametrize(("left", "is_asked"), [(-5.0, True), (0.5, True), (3600.0, False)])
async def test_what_a_host_asked_for_in_an_earlier_run_still_holds(left: float, is_asked: bool) -> None:
    now = datetime(2026, 11, 21, 6, tzinfo=UTC)
    held = {"127.0.0.1": now + timedelta(seconds=left)}
    began = time.monotonic()
    async with serve() as origin, Fetcher(settings(), now=lambda: now, held_until=held) as asking:
        outcome = await asking.fetch(Request(url=origin.url("/ok")))
        spent = time.monotonic() - began
    assert (outcome.url, len(origin.arrivals)) == (origin.url("/ok"), int(is_asked))
    if is_asked:
        assert answer(outcome).status == 200
        assert spent >= left
    else:
        assert failure(outcome).kind is FailureKind.HOST_DEFERRED
        assert "in an earlier run to wait until 2026-11-21T07:00:00Z" in failure(outcome).detail


async def test_those_who_wait_in_the_lane_see_that_their_host_is_deferred() -> None:
    async with serve() as origin, fetcher(manners_of=lambda _: ONE_BY_ONE, patience_seconds=10) as asking:
        origin.script("/busy", Answer(429, {"Retry-After": "60"}, after_seconds=0.2))
        kinds: list[object] = []

        async def keep(path: str) -> None:
            outcome = await asking.fetch(Request(url=origin.url(path)))
            kinds.append(getattr(outcome, "kind", outcome))

        async with task_group() as tasks:
            tasks.start_soon(keep, "/busy")
            await anyio.sleep(0.05)
            for _ in range(3):
                tasks.start_soon(keep, "/ok")
    assert kinds.count(FailureKind.HOST_DEFERRED) == 3
    assert len(origin.arrivals) == 1


async def test_a_host_without_connections_is_asked_a_few_times_for_many_links() -> None:
    asked: list[str] = []
    resolve = names({"down.test": -3}, asked)
    async with Fetcher(settings(retries=2), resolve=resolve) as asking:
        found = [failure(await asking.fetch(Request(url=f"http://down.test/{n}"))) for n in range(50)]
    kinds = [each.kind for each in found]
    assert kinds == [FailureKind.DNS_FAILURE] * 2 + [FailureKind.HOST_DEFERRED] * 48
    assert found[-1].detail.startswith("it took no connection 5 times in a row")
    assert [each.attempts for each in found[:2]] == [3, 2], "what was asked keeps its answer"
    assert len(asked) == 5
