"""One question and what becomes of it, against a server that misbehaves."""

from __future__ import annotations

import json
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import anyio
import httpx
import pytest
from anyio import create_task_group as task_group
from fetching import answer, ask, failure, fetcher, names, settings, until
from hypothesis import given
from hypothesis import strategies as st
from origin import Answer, Origin, serve, serve_in_thread

from enrich.fetch.client import Fetcher
from enrich.fetch.hops import address_of
from enrich.model import FailureKind, Manners, Outcome, Request, Response
from enrich.urls import canonical

pytestmark = pytest.mark.anyio

ONE_BY_ONE = Manners(width=1, interval_seconds=0.05)


# --- what is sent -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/%7Euser/~user",
        "/a%2Fb/%2f?x=%2F&y=~&z=%7E",
        "/[brackets]|pipe^caret`tick{brace}",
        "/?q=[1]|2^3`{4}'\"<>",
        "/中文/页面?标题=值&b=%E4%B8%AD",
        "/%41%2e%2e/%zz%",
        "/a b/c%20d?e f",
        "/?",
        "/a?b?c",
        "/a//b/../c/./d",
        "/a;b=c,d",
        "/a\\b",
    ],
)
async def test_the_request_line_holds_the_canonical_url_byte_for_byte(path: str) -> None:
    async with serve() as origin:
        url = origin.url(path)
        assert answer(await ask(url)).status == 404
    root = origin.url("")
    assert origin.arrivals[0].target == str(canonical(url)).removeprefix(root)


@given(path=st.text(st.sampled_from("/.?%;:@&=+$,[]{}|^`'\"<>~!*()\\ abZ中é-_24eE"), max_size=30))
def test_a_canonical_url_is_asked_as_it_stands(path: str) -> None:
    address = address_of(f"http://example.org/{path}")
    assert address is not None
    asked = httpx.URL(address.url)
    assert f"http://example.org{asked.raw_path.decode()}" == address.url


async def test_fragment_and_credentials_are_never_sent() -> None:
    async with serve() as origin:
        url = origin.url("/echo").replace("127.0.0.1", "user:secret@127.0.0.1") + "#part"
        said = json.loads(answer(await ask(url)).body)
    assert said["target"] == "/echo"
    assert "authorization" not in said["headers"]
    assert said["headers"]["host"] == f"127.0.0.1:{origin.port}"


async def test_each_host_gets_the_headers_that_are_meant_for_it_and_gzip_is_all_that_is_understood() -> (
    None
):
    def headers_of(host: str) -> tuple[tuple[str, str], ...]:
        return (("X-Key", "k"), ("User-Agent", "other"), ("Referer", "r")) if host == "127.0.0.1" else ()

    async with serve() as origin:
        first = json.loads(answer(await ask(origin.url("/echo"), headers_of=headers_of)).body)["headers"]
        request = {"headers": (("Accept-Encoding", "br"), ("Accept", "text/html"))}
        other = json.loads(answer(await ask(origin.url("/echo"), request)).body)["headers"]
    assert (first["referer"], first["user-agent"], first["accept-encoding"]) == ("r", "other", "gzip")
    assert first["accept"].startswith("text/html,"), "some sites have a page only for who asks for one"
    assert "x-key" not in first, "what may be a secret is said to the https site alone"
    assert (other["accept"], other["user-agent"], other["accept-encoding"]) == (
        "text/html",
        "enrich-test",
        "gzip",
    )


async def test_a_body_is_posted() -> None:
    async with serve() as origin:
        request = {
            "method": "POST",
            "body": b'{"a": 1}',
            "headers": (("Content-Type", "application/json"),),
        }
        said = json.loads(answer(await ask(origin.url("/echo"), request)).body)
    assert (said["method"], said["body"]) == ("POST", '{"a": 1}')
    assert said["headers"]["content-type"] == "application/json"


async def test_no_cookie_is_ever_sent() -> None:
    async with serve() as origin, fetcher() as asking:
        await asking.fetch(Request(url=origin.url("/cookie")))
        await asking.fetch(Request(url=origin.url("/echo")))
    assert [arrival.path for arrival in origin.arrivals] == ["/cookie", "/echo", "/echo"]
    assert not any("cookie" in arrival.headers for arrival in origin.arrivals)


# --- what comes back --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("status", [200, 204, 304, 400, 403, 404, 410, 418, 500, 599, 999])
async def test_any_status_is_an_answer(status: int, method: str) -> None:
    async with serve() as origin:
        response = answer(await ask(origin.url(f"/status/{status}"), {"method": method}))
    assert (response.status, response.attempts, response.hops) == (status, 1, ())
    assert method == "GET" or response.body == b""


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chunked", b"hello world"),
        ("/until-close", b"until the end"),
        ("/hundred", b"<title>fine</title>"),
        ("/gzip/5000", b"x" * 5000),
        ("/gzip/5000?coding=deflate", b"x" * 5000),
        ("/gzip/5000?coding=bare", b"x" * 5000),
    ],
)
async def test_a_body_is_read_however_it_is_sent(path: str, body: bytes) -> None:
    async with serve() as origin:
        response = answer(await ask(origin.url(path)))
    assert (response.status, response.body, response.truncated) == (200, body, False)


async def test_a_long_body_is_cut_and_its_connection_closed() -> None:
    async with serve() as origin:
        response = answer(await ask(origin.url("/endless"), {"max_body_bytes": 100_000}))
    assert (len(response.body), response.truncated) == (100_000, True)


@pytest.mark.parametrize(
    ("path", "request_", "truncated"),
    [
        ("/bytes/90000?coding=br", {}, True),
        ("/bytes/10?coding=gzip,%20gzip", {}, True),
        ("/bytes/10?type=application/pdf", {"body_types": ("text/html",)}, False),
        ("/endless", {"body_types": ("application/xhtml",)}, False),
    ],
)
async def test_a_body_that_is_not_wanted_or_not_understood_is_empty(
    path: str, request_: dict[str, Any], truncated: bool
) -> None:
    async with serve() as origin:
        response = answer(await ask(origin.url(path), request_))
    assert (response.status, response.body, response.truncated) == (200, b"", truncated)


@pytest.mark.parametrize(("path", "body_bytes"), [("/bomb/256", 1 << 20), ("/bomb/256?twice=1", 0)])
async def test_a_bomb_costs_no_more_memory_than_the_cap(path: str, body_bytes: int) -> None:
    with serve_in_thread() as origin:
        await ask(origin.url(path))
        tracemalloc.start()
        response = answer(await ask(origin.url(path), {"max_body_bytes": 1 << 20}))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (response.truncated, len(response.body)) == (True, body_bytes)
    assert peak < 12 << 20


async def test_headers_are_text_whatever_bytes_they_hold() -> None:
    async with serve() as origin:
        headers = answer(await ask(origin.url("/odd-headers"))).headers
    assert (headers["x-odd"], headers["x-text"], headers["x-two"]) == ("ÿþ", "中", "a, b")


async def test_time_and_attempts_are_told() -> None:
    async with serve() as origin:
        response = answer(await ask(origin.url("/slow/0.2")))
    assert 0.2 <= response.elapsed_seconds < 30
    assert response.attempts == 1


# --- failures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/rst", FailureKind.CONNECT),
        ("/half", FailureKind.PROTOCOL),
        ("/empty", FailureKind.PROTOCOL),
        ("/garbage", FailureKind.PROTOCOL),
        ("/bad-chunks", FailureKind.PROTOCOL),
        ("/big-headers/300", FailureKind.TOO_LARGE),
        ("/silent", FailureKind.TIMEOUT),
        ("/drip", FailureKind.TIMEOUT),
        ("/drip-headers", FailureKind.TIMEOUT),
        ("/endless-hundred", FailureKind.TIMEOUT),
    ],
)
async def test_trouble_is_a_failure_of_its_kind(path: str, kind: FailureKind) -> None:
    async with serve() as origin:
        found = failure(
            await ask(origin.url(path), timeout_seconds=0.5 if kind is FailureKind.TIMEOUT else 30.0)
        )
    assert found.kind is kind
    assert found.url == origin.url(path)
    assert found.detail
    assert found.elapsed_seconds < 30


async def test_a_closed_port_is_a_failure_to_connect_and_no_request() -> None:
    async with serve() as origin:
        url = origin.url("/")
    async with fetcher() as asking:
        found = failure(await asking.fetch(Request(url=url)))
    assert (found.kind, found.detail) == (FailureKind.CONNECT, "the connection was refused")
    assert (asking.requests, asking.answered, asking.names_resolved) == (0, False, 0)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://", FailureKind.INVALID_URL),
        ("http://[::1", FailureKind.INVALID_URL),
        ("not a url", FailureKind.INVALID_URL),
        ("file:///etc/passwd", FailureKind.UNSUPPORTED_SCHEME),
        ("ftp://example.org/", FailureKind.UNSUPPORTED_SCHEME),
        ("javascript:alert(1)", FailureKind.UNSUPPORTED_SCHEME),
        ("data:text/html,x", FailureKind.UNSUPPORTED_SCHEME),
    ],
)
async def test_what_cannot_be_asked_is_a_failure(url: str, kind: FailureKind) -> None:
    assert failure(await ask(url)).kind is kind


async def test_a_url_that_is_too_long_to_ask_is_not_called_invalid() -> None:
    assert failure(await ask(f"http://127.0.0.1:8080/{'x' * 70_000}")).kind is FailureKind.PROTOCOL


async def test_a_header_that_would_end_the_request_is_not_sent() -> None:
    async with serve() as origin:
        request = {"headers": (("X-A", "b\r\nX-Injected: 1"),)}
        assert failure(await ask(origin.url("/echo"), request)).kind is FailureKind.PROTOCOL
    assert origin.arrivals == []


async def test_cancelling_passes_through() -> None:
    async with serve() as origin, fetcher() as asking:
        with anyio.move_on_after(0.1) as scope:
            await asking.fetch(Request(url=origin.url("/silent")))
    assert scope.cancelled_caught


async def test_a_mistake_of_ours_is_not_taken_for_a_fault_of_the_web() -> None:
    def broken(_request: httpx.Request) -> httpx.Response:
        raise KeyError("ours")

    async with Fetcher(settings(), httpx.MockTransport(broken)) as asking:
        with pytest.raises(KeyError, match="ours"):
            await asking.fetch(Request(url="http://example.org/"))


# --- manners ----------------------------------------------------------------------------------------


async def test_a_host_with_width_one_is_asked_one_by_one_with_a_gap() -> None:
    async with serve() as origin, fetcher(manners_of=lambda _: ONE_BY_ONE) as asking, task_group() as tasks:
        for number in range(5):
            tasks.start_soon(asking.fetch, Request(url=origin.url(f"/slow/0.0{number}")))
    moments = [arrival.at for arrival in origin.arrivals]
    assert origin.most_at_once == 1
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.045


async def lead(asking: Fetcher, origin: Origin, hosts: range, to: str) -> list[Outcome]:
    """Ask a link of each of these hosts that leads to the same place."""
    links = [f"http://127.0.1.{host}:{origin.port}/to/302?{to}" for host in hosts]
    return [await asking.fetch(Request(url=link)) for link in links]


async def test_links_that_are_redirected_to_a_host_count_against_its_budget() -> None:
    async with serve("0.0.0.0") as origin, fetcher(budget_of=lambda _: 5) as asking:
        victim = origin.url("/ok").replace("127.0.0.1", "127.0.0.9")
        found = await lead(asking, origin, range(1, 61), victim)
    assert [answer(outcome).status for outcome in found[:5]] == [200] * 5
    assert {failure(outcome).kind for outcome in found[5:]} == {FailureKind.HOST_DEFERRED}
    assert all(len(outcome.hops) == 1 for outcome in found), "where they led is known"
    assert len(origin.asked("/ok")) == 5


async def test_what_was_granted_to_a_hosts_own_links_no_redirect_takes() -> None:
    async with serve("0.0.0.0") as origin, fetcher(budget_of=lambda _: 5) as asking:
        victim = origin.url("/ok").replace("127.0.0.1", "127.0.0.9")
        assert asking.grant("127.0.0.9", 3) == 3
        found = await lead(asking, origin, range(1, 10), victim)
        own = [await asking.fetch(Request(url=f"{victim}?{n}")) for n in range(3)]
        assert asking.grant("127.0.0.9", 10) == 3, "two came by redirect; asking again costs nothing"
    assert [isinstance(outcome, Response) for outcome in found] == [True] * 2 + [False] * 7
    assert [answer(outcome).status for outcome in own] == [200] * 3


async def test_a_link_that_was_let_through_is_asked_again_as_often_as_any() -> None:
    async with serve("0.0.0.0") as origin, fetcher(budget_of=lambda _: 1, retries=2) as asking:
        victim = origin.url("/status/500").replace("127.0.0.1", "127.0.0.9")
        first, second = [(await lead(asking, origin, range(1, 2), victim))[0] for _ in range(2)]
    assert (answer(first).attempts, answer(second).attempts) == (3, 3)
    assert len(origin.asked("/status/500")) == 6


async def test_redirects_within_a_host_cost_it_nothing_more() -> None:
    async with serve() as origin, fetcher(budget_of=lambda _: 0) as asking:
        assert answer(await asking.fetch(Request(url=origin.url("/redirect/4")))).status == 200


async def test_hops_take_their_turns_too() -> None:
    async with serve() as origin, fetcher(manners_of=lambda _: ONE_BY_ONE) as asking:
        began = time.monotonic()
        answer(await asking.fetch(Request(url=origin.url("/redirect/4"))))
    assert time.monotonic() - began >= 4 * 0.05


async def test_the_wait_for_a_turn_is_not_part_of_the_deadline() -> None:
    manners = Manners(width=1, interval_seconds=0.8)
    async with serve() as origin, fetcher(manners_of=lambda _: manners, timeout_seconds=2.0) as asking:
        outcomes: list[Outcome] = []

        async def keep() -> None:
            outcomes.append(await asking.fetch(Request(url=origin.url("/ok"))))

        async with task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(keep)
    assert [answer(outcome).status for outcome in outcomes] == [200] * 4


async def test_the_deadline_covers_all_hops() -> None:
    async with serve() as origin:
        for number in range(6):
            origin.script(
                f"/hop/{number}", Answer(302, {"Location": f"/hop/{number + 1}"}, after_seconds=0.5)
            )
        found = failure(await ask(origin.url("/hop/0"), timeout_seconds=1.7))
    assert found.kind is FailureKind.TIMEOUT
    assert 1 <= len(found.hops) <= 3
    assert found.elapsed_seconds > 1.6


async def test_a_host_may_have_a_deadline_of_its_own() -> None:
    async with serve() as origin:
        found = failure(
            await ask(origin.url("/silent"), timeout_of=lambda host: 0.1 if "." in host else None)
        )
    assert found.elapsed_seconds < 20


async def test_progress_sees_the_lanes() -> None:
    async with serve() as origin, fetcher(manners_of=lambda _: ONE_BY_ONE) as asking, task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(asking.fetch, Request(url=origin.url("/slow/0.1")))
        await anyio.sleep(0.05)
        during = dict(asking.lanes())
    assert (during["127.0.0.1"].waiting, during["127.0.0.1"].in_flight) == (2, 1)
    assert asking.lanes() == {}
    assert (asking.requests, asking.answered) == (3, True)


# --- connections ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/ok", "/chunked", "/gzip/5000", "/status/404", "/redirect/1", "/bytes/10?type=application/pdf"],
)
@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_ten_questions_to_an_origin_take_one_connection(path: str, method: str) -> None:
    if (method, path) == ("HEAD", "/chunked"):
        path = "/ok"
    async with serve() as origin, fetcher() as asking:
        for _ in range(10):
            request = Request(url=origin.url(path), method=method, body_types=("text/",))  # type: ignore[arg-type]
            answer(await asking.fetch(request))
    assert origin.connections == 1


async def test_many_origins_do_not_keep_many_connections() -> None:
    resolve = names({f"h{number}.test": ["127.0.0.1"] for number in range(20)})
    async with serve() as origin, Fetcher(settings(most_idle=3), resolve=resolve) as asking:
        for number in range(20):
            answer(await asking.fetch(Request(url=origin.url("/ok", f"h{number}.test"))))
        await until(lambda: open_connections(origin) == 3)
    assert asking.names_resolved == 20


def open_connections(origin: Origin) -> int:
    return len(origin._open)


# --- many hosts -------------------------------------------------------------------------------------


async def test_hosts_that_gave_no_trouble_are_forgotten_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("enrich.fetch.hosts.LANES_KEPT", 20)

    def web(request: httpx.Request) -> httpx.Response:
        if request.url.host == "busy.test":
            return httpx.Response(429, headers={"Retry-After": "3600"})
        return httpx.Response(200)

    async with Fetcher(settings(retries=0), httpx.MockTransport(web)) as asking:
        answer(await asking.fetch(Request(url="https://busy.test/")))
        for number in range(200):
            answer(await asking.fetch(Request(url=f"https://host-{number}.test/")))
        assert len(asking._hosts) <= 40
        again = failure(await asking.fetch(Request(url="https://busy.test/other")))
    assert again.kind is FailureKind.HOST_DEFERRED


async def test_a_host_that_is_held_back_is_not_asked_and_remembered() -> None:
    remembered: list[tuple[str, datetime]] = []
    holding = Fetcher(settings(), on_hold=lambda host, until: remembered.append((host, until)))
    async with holding as fetcher:
        fetcher.hold_back("a.example", 21600.0)
        outcome = await fetcher.fetch(Request(url="https://a.example/"))
    assert failure(outcome).kind is FailureKind.HOST_DEFERRED
    ((host, until),) = remembered
    assert host == "a.example"
    assert timedelta(hours=5) < until - datetime.now(UTC) < timedelta(hours=7)
