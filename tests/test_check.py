"""Asking and judging, with a local function for the network."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from enrich.asking import Asking
from enrich.checking import check_all, look_again, taken_at_once
from enrich.collect import found_target
from enrich.lookup import look_up
from enrich.model import (
    Api,
    CheckResult,
    Element,
    Failure,
    FailureKind,
    Link,
    Manners,
    Outcome,
    Request,
    Response,
    Status,
    Target,
    TargetState,
)
from enrich.network import Network, Outages
from enrich.selection import resolve
from enrich.store.history import Confirmation
from enrich.store.protocol import Ages, DueTarget, FoundDocument, FoundLink
from enrich.store.recorder import Recorder
from enrich.store.sqlite import SqliteStore
from enrich.waiting import tell_turns

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 10, 6, tzinfo=UTC)
PAGE = {"content-type": "text/html"}
Answer = Callable[[Request], Outcome]


def respond(status: int = 200, body: bytes = b"", **headers: str) -> Callable[[Request], Outcome]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: Response(url=request.url, status=status, headers=named, body=body)


def fail(kind: FailureKind) -> Callable[[Request], Outcome]:
    return lambda request: Failure(kind=kind, detail="made for a test", url=request.url)


@dataclass
class World:
    """A small web: what answers for a URL, what was asked, and what was counted."""

    site: Callable[[Request], Outcome]
    asked: list[tuple[str, str]] = field(default_factory=list)
    counted: dict[str, TargetState] = field(default_factory=dict)
    broken_by_us: list[str] = field(default_factory=list)
    answers: int = 0
    answered_from: float = -math.inf
    verified_from: float = -math.inf
    up: bool = True
    invents: bool = False
    names_resolved: int = 1

    async def fetch(self, request: Request) -> Outcome:
        self.asked.append((request.method, request.url))
        now = anyio.current_time()
        await anyio.lowlevel.checkpoint()
        outcome = self.site(request)
        if isinstance(outcome, Response):
            self.answers += 1
            self.answered_from = now
            self.verified_from = now if request.url.startswith("https:") else self.verified_from
        return outcome

    def witnesses(self) -> list[str]:
        return ["https://witness.example/"] if self.answers else []

    async def is_up(self, urls: Sequence[str], *, names: bool = False) -> bool:
        return self.up and bool(urls)

    async def invents_answers(self, *, proxies: bool = True) -> bool:
        return self.invents

    def forgive(self) -> None: ...

    async def no_canaries(self) -> list[str]:
        return []

    def count(self, result: CheckResult, state: TargetState) -> None:
        self.counted[result.target_id] = state

    def broke(self, target: Target, error: Exception) -> None:
        self.broken_by_us.append(f"{target.id}: {error}")


def site(table: dict[str, Callable[[Request], Outcome]]) -> Callable[[Request], Outcome]:
    return lambda request: table[request.url](request)


@asynccontextmanager
async def asking_of(
    world: World, urls: list[str], folder: Path, *, manners: Manners | None = None, is_check: bool = False
) -> AsyncIterator[Asking]:
    """A planned run over ``urls``; results are stored when the context ends."""
    found = [
        FoundLink(
            link=Link(url=url, line=number, column=1, element=Element.BARE),
            target=found_target(resolve(url)),
        )
        for number, url in enumerate(urls, 1)
    ]
    document = FoundDocument(path="a.md", title=None, date=None, date_source="none", links=found)
    async with SqliteStore(folder / "cache.sqlite3") as store:
        await store.begin(version="1", options="{}", now=NOW, fresh=True)
        await store.add([document])
        ages = dict.fromkeys(("web", "arxiv", "github", "wechat", "doi"), (7 * 86400.0, 30 * 86400.0))
        await store.plan(Ages(by_kind=ages, metadata=not is_check), NOW)
        network = Network(world, world.no_canaries)
        recorder = Recorder(store, Confirmation(), proofs=network, counted=world.count)
        stopping = anyio.Event()
        asking = Asking(
            store=store,
            fetch=world.fetch,
            api=Api(fetch=world.fetch),
            recorder=recorder,
            now=lambda: NOW,
            manners_of=lambda _host: manners or Manners(),
            budget_of=lambda _host: None,
            accept_of=lambda _host: frozenset(),
            names_resolved=lambda: world.names_resolved,
            outages=Outages(network, recorder, store.put_back, wait_seconds=60.0, stopping=stopping),
            stopping=stopping,
            broke=world.broke,
            is_check=is_check,
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(asking.recorder.write)
            yield asking
            await asking.recorder.close()


async def everything(
    world: World,
    urls: list[str],
    folder: Path,
    after: Callable[[Asking], Awaitable[None]] | None = None,
    **more: object,
) -> dict[str, str]:
    """Ask all URLs, the second look included; the reasons that were counted, by URL."""
    async with asking_of(world, urls, folder, **more) as asking:  # type: ignore[arg-type]
        await check_all(asking)
        if await asking.outages.settle():
            await look_again(asking)
            await asking.outages.settle()
        if after:
            await after(asking)
        await asking.recorder.conclude(NOW)
    return {id_.removeprefix("url:"): state.reason or "" for id_, state in world.counted.items()}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enrich.checking.SECOND_LOOK_SECONDS", 0.0)


async def test_a_check_asks_head_and_is_content_with_a_good_answer(tmp_path: Path) -> None:
    world = World(respond(200, content_type="text/html"))
    reasons = await everything(world, ["https://a.example/x"], tmp_path, is_check=True)
    assert reasons == {"https://a.example/x": "http-200"}
    assert world.asked == [("HEAD", "https://a.example/x")]


async def test_a_host_is_asked_for_its_links_once_and_again_when_an_outage_gave_some_back(
    tmp_path: Path,
) -> None:
    world, urls = World(respond(200)), [f"https://a.example/{number}" for number in range(3)]
    taken: list[int] = []
    async with asking_of(world, urls, tmp_path, is_check=True) as asking:
        take = asking.store.take

        async def watched(host: str, limit: int) -> list[DueTarget]:
            found = await take(host, limit)
            taken.append(len(found))
            if len(taken) == 1:
                # As if an outage had come to its end while the others are asked.
                await asking.store.put_back([found[0].target.id])
                asking.outages.times_put_back += 1
                return found[1:]
            return found

        asking.store.take = watched  # type: ignore[method-assign]
        await check_all(asking)
    assert (taken, len(world.counted)) == ([3, 1], 3)


async def test_a_run_reads_the_page_once(tmp_path: Path) -> None:
    world = World(respond(200, b"<title>Moss</title>", content_type="text/html"))
    await everything(world, ["https://a.example/x"], tmp_path)
    assert [method for method, _ in world.asked] == ["GET"]


@pytest.mark.parametrize("is_check", [False, True])
async def test_head_condemns_nobody(tmp_path: Path, is_check: bool) -> None:
    def picky(request: Request) -> Outcome:
        return respond(404 if request.method == "HEAD" else 200, content_type="text/html")(request)

    world = World(picky)
    reasons = await everything(world, ["https://a.example/x"], tmp_path, is_check=is_check)
    assert reasons == {"https://a.example/x": "http-200"}


@pytest.mark.parametrize("status", [403, 404, 405, 410, 500, 503])
async def test_head_condemns_nobody_either_whose_page_did_not_come(tmp_path: Path, status: int) -> None:
    def silent(request: Request) -> Outcome:
        return (respond(status) if request.method == "HEAD" else fail(FailureKind.TIMEOUT))(request)

    world = World(silent)
    assert await everything(world, ["https://a.example/x"], tmp_path) == {"https://a.example/x": "timeout"}
    assert {method for method, _ in world.asked} == {"GET", "HEAD"}


async def test_a_page_that_is_there_stays_there_when_its_title_cannot_be_read(tmp_path: Path) -> None:
    def slow(request: Request) -> Outcome:
        answer = (
            respond(200, content_type="text/html")
            if request.method == "HEAD"
            else fail(FailureKind.TIMEOUT)
        )
        return answer(request)

    world = World(slow)
    assert await everything(world, ["https://a.example/x"], tmp_path) == {"https://a.example/x": "http-200"}


async def test_what_is_broken_without_being_certain_is_asked_a_second_time(tmp_path: Path) -> None:
    first_time = iter([True])

    def shaky(request: Request) -> Outcome:
        return respond(404 if request.method == "GET" and next(first_time, False) else 200)(request)

    def steady(request: Request) -> Outcome:
        return respond(404)(request)

    world = World(site({"https://a.example/shaky": shaky, "https://a.example/steady": steady}))
    world.site = lambda request: (shaky if "shaky" in request.url else steady)(request)
    reasons = await everything(world, ["https://a.example/shaky", "https://a.example/steady"], tmp_path)
    assert reasons["https://a.example/steady"] == "http-404"
    assert world.counted["url:https://a.example/steady"].attempts == 2


async def test_what_is_certainly_gone_is_asked_once(tmp_path: Path) -> None:
    world = World(respond(410))
    reasons = await everything(world, ["https://a.example/x"], tmp_path, is_check=True)
    assert reasons == {"https://a.example/x": "http-410"}
    assert [method for method, _ in world.asked] == ["HEAD", "GET"]


async def test_when_nobody_answers_nothing_is_counted(tmp_path: Path) -> None:
    world = World(fail(FailureKind.CONNECT))
    held: list[str] = []

    async def look(asking: Asking) -> None:
        held.extend(asked.result.verdict.reason for asked in asking.recorder.held)

    urls = ["https://a.example/", "https://b.example/"]
    assert await everything(world, urls, tmp_path, after=look) == {}
    assert held == ["connect-failure", "connect-failure"]


async def test_failures_are_stated_once_somebody_answered(tmp_path: Path) -> None:
    world = World(
        lambda request: (fail(FailureKind.CONNECT) if "down" in request.url else respond(200))(request)
    )
    reasons = await everything(world, ["https://down.example/", "https://up.example/"], tmp_path)
    assert reasons == {"https://down.example/": "connect-failure", "https://up.example/": "http-200"}


async def test_failures_after_the_last_answer_are_not_stated_when_the_network_is_gone(
    tmp_path: Path,
) -> None:
    def dying(request: Request) -> Outcome:
        return (respond(200) if not world.answers else fail(FailureKind.CONNECT))(request)

    world = World(dying, up=False)
    held: list[str] = []

    async def look(asking: Asking) -> None:
        held.extend(asked.result.target_id for asked in asking.recorder.held)

    urls = [f"https://a.example/{number}" for number in range(4)]
    reasons = await everything(world, urls, tmp_path, after=look, manners=Manners(width=1), is_check=True)
    assert reasons == {"https://a.example/0": "http-200"}
    assert held == [f"url:{url}" for url in urls[1:]]


async def test_a_name_is_gone_only_if_another_one_resolved(tmp_path: Path) -> None:
    def answer(request: Request) -> Outcome:
        return (fail(FailureKind.DNS_NOT_FOUND) if "gone" in request.url else respond(200))(request)

    urls = ["https://gone.example/", "http://192.0.2.1/"]
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    sane = await everything(World(answer, names_resolved=1), urls, tmp_path / "1")
    assert sane["https://gone.example/"] == "dns-not-found"
    insane = await everything(World(answer, names_resolved=0), urls, tmp_path / "2")
    assert insane["https://gone.example/"] == "dns-failure"


async def test_verdicts_that_need_no_network_stand_without_one(tmp_path: Path) -> None:
    def answer(request: Request) -> Outcome:
        return fail(FailureKind.INVALID_URL if "[" in request.url else FailureKind.CONNECT)(request)

    world = World(answer)
    assert await everything(world, ["http://[::1", "https://a.example/"], tmp_path) == {
        "http://[::1": "invalid-url"
    }
    assert world.counted["url:http://[::1"].status is Status.BROKEN


async def test_a_host_that_refuses_three_times_in_a_row_is_left_alone(tmp_path: Path) -> None:
    world = World(respond(403))
    manners = Manners(width=1, stop_after_blocked=3)
    deferred: list[int] = []

    async def look(asking: Asking) -> None:
        deferred.append(await asking.store.read(lambda rows: rows.deferred()))

    urls = [f"https://a.example/{number}" for number in range(10)]
    await everything(world, urls, tmp_path, after=look, manners=manners, is_check=True)
    assert len({url for _, url in world.asked}) == 3
    assert deferred == [7]


def _held_back(asking: Asking) -> list[tuple[str, float]]:
    calls: list[tuple[str, float]] = []
    object.__setattr__(asking, "hold_back", lambda host, seconds: calls.append((host, seconds)))
    return calls


STUBBORN = Manners(width=1, stop_after_blocked=3, pause_seconds=900.0, stop_seconds=21600.0)


@pytest.mark.parametrize(
    ("is_check", "expected"),
    [(False, [("a.example", 900.0), ("a.example", 21600.0)]), (True, [("a.example", 21600.0)])],
)
async def test_a_run_pauses_once_before_it_gives_a_host_up_for_hours(
    tmp_path: Path, is_check: bool, expected: list[tuple[str, float]]
) -> None:
    world = World(respond(403))
    urls = [f"https://a.example/{number}" for number in range(9)]
    async with asking_of(world, urls, tmp_path, manners=STUBBORN, is_check=is_check) as asking:
        calls = _held_back(asking)
        await check_all(asking)
    assert calls == expected
    assert len({url for _, url in world.asked}) == 3


async def test_a_good_answer_takes_refusals_back_but_the_pause_stays_one(tmp_path: Path) -> None:
    def answer(request: Request) -> Outcome:
        good = request.url.endswith(("2", "5", "8"))
        return respond(200 if good else 403)(request)

    urls = [f"https://a.example/{number}" for number in range(9)]
    world = World(answer)
    async with asking_of(world, urls, tmp_path, manners=STUBBORN) as asking:
        calls = _held_back(asking)
        await check_all(asking)
    assert calls == [("a.example", 900.0)]
    assert len({url for _, url in world.asked}) == 9
    assert asking.refusals.of_all() == {}


async def test_any_host_with_a_limit_says_when_its_links_are_due(tmp_path: Path) -> None:
    urls = [f"https://{host}.example/{number}" for host in "ab" for number in range(5)]
    warned: list[tuple[str, str]] = []
    async with asking_of(World(respond(200)), urls, tmp_path, manners=Manners(daily_cap=2)) as asking:
        await check_all(asking)
        await tell_turns(asking, lambda code, told: warned.append((code, told)), lambda _host: None)
        rows = await asking.store.read(lambda found: list(found.targets()))
    details = {row.url: row.detail for row in rows if row.reason == "host-deferred"}
    assert len(details) == 6
    assert details["https://a.example/4"] == (
        "its turn is expected the 2nd time from now: a.example is asked about 2 links a night"
    )
    ((code, told),) = warned
    assert code == "waiting"
    assert told.count("3 links to ") == 2


async def test_a_daily_cap_leaves_the_rest_for_another_day(tmp_path: Path) -> None:
    world = World(respond(200))
    urls = [f"https://a.example/{number}" for number in range(10)]
    await everything(world, urls, tmp_path, manners=Manners(daily_cap=4), is_check=True)
    assert len(world.counted) == 4
    again = World(respond(200))
    (more,) = [
        await everything(again, [*urls, "https://a.example/new"], tmp_path, manners=Manners(daily_cap=6))
    ]
    assert len(more) == 2


async def test_a_host_that_asks_to_wait_for_long_is_deferred(tmp_path: Path) -> None:
    world = World(fail(FailureKind.HOST_DEFERRED), answers=1)
    deferred: list[int] = []

    async def look(asking: Asking) -> None:
        deferred.append(await asking.store.read(lambda rows: rows.deferred()))

    urls = [f"https://a.example/{n}" for n in range(9)]
    assert await everything(world, urls, tmp_path, after=look) == {}
    assert deferred == [9]


async def test_a_link_that_leads_to_a_deferred_host_costs_its_own_host_nothing(tmp_path: Path) -> None:
    def answer(request: Request) -> Outcome:
        return (fail(FailureKind.HOST_DEFERRED) if "elsewhere" in request.url else respond(200))(request)

    urls = ["https://a.example/elsewhere", *(f"https://a.example/{n}" for n in range(9))]
    reasons = await everything(World(answer), urls, tmp_path, manners=Manners(width=1), is_check=True)
    assert set(reasons) == set(urls[1:])


async def test_what_robots_txt_disallows_is_skipped_whatever_its_kind(tmp_path: Path) -> None:
    world = World(fail(FailureKind.ROBOTS_DISALLOWED))
    urls = ["https://a.example/x", "https://mp.weixin.qq.com/s/RobotsRobotsRobots0001"]
    async with asking_of(world, urls, tmp_path) as asking:
        await check_all(asking)
        skipped = await asking.store.read(lambda rows: [(row.status, row.reason) for row in rows.targets()])
    assert skipped == [(Status.SKIPPED, "robots-disallowed")] * 2
    assert len(world.asked) == 2


async def test_a_mistake_of_ours_costs_one_target_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from enrich.registry import kinds

    def clumsy(target: Target, outcome: Outcome) -> None:
        raise ZeroDivisionError(target.id)

    table = {**kinds(), "web": replace(kinds()["web"], judge=clumsy)}  # type: ignore[arg-type]
    monkeypatch.setattr("enrich.judging.kinds", lambda: table)
    world = World(respond(200))
    assert await everything(world, ["https://a.example/x"], tmp_path) == {}
    assert world.broken_by_us == ["url:https://a.example/x: url:https://a.example/x"]


async def test_what_an_api_cannot_decide_is_asked_at_its_own_address(tmp_path: Path) -> None:
    def answer(request: Request) -> Outcome:
        if "api.github.com" in request.url:
            headers = {"x-ratelimit-remaining": "0"}
            return Response(url=request.url, status=403, headers=headers, body=b"{}")
        return respond(200, content_type="text/html")(request)

    world = World(answer)
    async with asking_of(world, ["https://github.com/o/r"], tmp_path) as asking:
        await look_up(asking, "github")
        await check_all(asking)
    assert world.counted["github:o/r"].reason == "github-found"
    assert "https://github.com/o/r" in [url for _, url in world.asked]


@pytest.mark.parametrize(
    ("due", "width", "taken"),
    [
        (1, 1, 4),
        (100, 4, 16),
        (2_000, 4, 100),
        (100_000, 4, 2_000),
        (1_000_000, 4, 2_000),
        (100_000, 600, 2_400),
    ],
)
def test_of_a_great_host_many_are_taken_at_once_so_that_few_takes_sort_all_that_are_left(
    due: int, width: int, taken: int
) -> None:
    assert taken_at_once(due, width) == taken


# --- links that are waited for in vain ---------------------------------------------------------------


async def test_silent_links_let_the_others_of_their_host_go_first(tmp_path: Path) -> None:
    """Two of four places may be held by such links; a third is asked again when all others have been asked."""
    urls = [f"https://a.example/{number:02}" for number in range(30)]
    silent = set(urls[:6])
    timeout, fine = fail(FailureKind.TIMEOUT), respond(**PAGE)
    world = World(lambda request: (timeout if request.url in silent else fine)(request))
    reasons = await everything(world, urls, tmp_path, is_check=True)
    last_first_question = max(place for place, (method, _) in enumerate(world.asked) if method == "HEAD")
    again = [place for place, (method, _) in enumerate(world.asked) if method == "GET"]
    assert sum(place < last_first_question for place in again) == 2
    assert (len(again), reasons[urls[0]], reasons[urls[9]]) == (6, "timeout", "http-200")


async def test_second_looks_do_not_wait_for_silent_links_and_are_stated_at_the_end(tmp_path: Path) -> None:
    gone, silent = "https://a.example/gone", "https://b.example/silent"

    class Slow(World):
        async def fetch(self, request: Request) -> Outcome:
            if request.url == silent:
                self.asked.append((request.method, request.url))
                await looked_twice.wait()
                return fail(FailureKind.TIMEOUT)(request)
            outcome = await super().fetch(request)
            if self.asked.count(("GET", gone)) == 2:
                looked_twice.set()
            return outcome

    looked_twice = anyio.Event()
    world = Slow(respond(404))
    async with asking_of(world, [gone, silent], tmp_path, is_check=True) as asking:
        with anyio.fail_after(60):
            await check_all(asking)
        assert world.counted == {}, "nothing is stated before our network has stood its test"
        await asking.outages.settle()
        await look_again(asking)
        await asking.recorder.conclude(NOW)
    assert world.asked.count(("GET", gone)) == 2, "there is no third look"
    assert world.counted[f"url:{gone}"].reason == "http-404"
