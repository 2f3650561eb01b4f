"""Where a redirect leads, what goes along, and what is told of the way."""

from __future__ import annotations

import httpx
import pytest
from fetching import answer, ask, failure, settings
from origin import Answer, serve

from enrich.fetch.attempt import MAX_HOPS
from enrich.fetch.client import Fetcher
from enrich.fetch.hops import address_of
from enrich.model import FailureKind, Hop, Request, Status
from enrich.verdict import judge_http

pytestmark = pytest.mark.anyio


async def test_redirects_are_followed_and_told() -> None:
    async with serve() as origin:
        response = answer(await ask(origin.url("/redirect/3")))
    assert (response.status, response.url) == (200, origin.url("/ok"))
    assert response.hops == tuple(Hop(origin.url(f"/redirect/{left}"), 302) for left in (3, 2, 1))


async def test_a_redirect_can_be_the_answer_itself() -> None:
    async with serve() as origin:
        response = answer(await ask(origin.url("/redirect/3"), {"follow": False}))
    assert (response.status, response.url, response.hops) == (302, origin.url("/redirect/3"), ())
    assert response.headers["location"].endswith("/redirect/2")


async def test_ten_redirects_are_followed_and_eleven_are_too_many() -> None:
    async with serve() as origin:
        assert len(answer(await ask(origin.url(f"/redirect/{MAX_HOPS}"))).hops) == 10
        assert failure(await ask(origin.url("/redirect/11"))).kind is FailureKind.TOO_MANY_REDIRECTS
        assert len(origin.asked("/redirect/1")) == 1 + 1


async def test_a_circle_is_noticed_at_once() -> None:
    async with serve() as origin:
        found = failure(await ask(origin.url("/loop")))
    assert (found.kind, found.detail) == (FailureKind.TOO_MANY_REDIRECTS, "1 redirect and no end")
    assert len(origin.arrivals) == 1


async def test_a_circle_for_want_of_a_cookie_is_not_called_one() -> None:
    async with serve() as origin:
        found = failure(await ask(origin.url("/cookie-loop")))
    assert found.kind is FailureKind.NEEDS_COOKIES
    assert judge_http(found).status is Status.BLOCKED


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("ftp://example.org/", FailureKind.UNSUPPORTED_SCHEME),
        ("file:///etc/passwd", FailureKind.UNSUPPORTED_SCHEME),
        ("javascript:alert(1)", FailureKind.UNSUPPORTED_SCHEME),
        ("weixin://dl/business", FailureKind.UNSUPPORTED_SCHEME),
        ("http://[::1", FailureKind.PROTOCOL),
        ("http://127.0.0.1:25/", FailureKind.CONNECT),
        ("http://10.0.0.1/", FailureKind.FORBIDDEN_ADDRESS),
        ("http://169.254.169.254/latest/meta-data", FailureKind.FORBIDDEN_ADDRESS),
        ("//2130706434:25/", FailureKind.CONNECT),
    ],
)
async def test_a_redirect_to_where_we_do_not_go_is_a_failure_there(
    location: str, kind: FailureKind
) -> None:
    async with serve() as origin:
        found = failure(await ask(origin.url(f"/to/302?{location}")))
    assert found.kind is kind
    assert len(found.hops) == 1


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/echo?a=%7E|[]", "/echo?a=%7E|[]"),
        ("echo", "/start/echo"),
        ("?x=1", "/start/here?x=1"),
        ("../echo/./a/../b", "/echo/b"),
        ("%5Cecho", "/start/%5Cecho"),
        ("\\echo", "/echo"),
        ("  /echo  ", "/echo"),
        ("/echo/中", "/echo/%E4%B8%AD"),
        ("/echo#part", "/echo"),
        ("//user:pw@127.0.0.1:PORT/echo", "/echo"),
    ],
)
async def test_a_location_is_resolved_as_browsers_do(location: str, target: str) -> None:
    async with serve() as origin:
        origin.script("/start/here", Answer(302, {"Location": location.replace("PORT", str(origin.port))}))
        await ask(origin.url("/start/here"))
    assert origin.arrivals[1].target == target


async def test_a_location_in_an_unknown_encoding_keeps_its_bytes() -> None:
    async with serve() as origin:
        await ask(origin.url("/raw-location"))
    assert origin.arrivals[1].target == "/echo/%D6%D0?a=%CE%C4"


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (303, "GET", "GET"),
        (302, "HEAD", "HEAD"),
        (303, "HEAD", "HEAD"),
    ],
)
async def test_a_redirect_keeps_or_changes_the_method(status: int, method: str, then: str) -> None:
    async with serve() as origin:
        request = {"method": method, "body": b"x" if method == "POST" else None}
        await ask(origin.url(f"/to/{status}?/echo"), request)
    assert origin.arrivals[1].method == then
    assert origin.arrivals[1].body == (b"x" if then == "POST" else b"")


@pytest.mark.parametrize("status", [200, 300, 304, 305, 404])
async def test_a_location_beside_another_status_is_not_followed(status: int) -> None:
    async with serve() as origin:
        assert answer(await ask(origin.url(f"/to/{status}?/ok"))).status == status


async def test_an_empty_location_is_no_redirect() -> None:
    async with serve() as origin:
        assert answer(await ask(origin.url("/to/302?"))).status == 302


async def test_the_body_of_a_redirect_is_left_alone() -> None:
    async with serve() as origin:
        assert answer(await ask(origin.url("/long-redirect"))).status == 200, "which has no end"


SECRETS = (
    ("Authorization", "Bearer s"),
    ("X-Api-Key", "s"),
    ("PRIVATE-TOKEN", "s"),
    ("Cookie", "s"),
    ("Accept", "text/html"),
    ("Accept-Language", "zh"),
)


@pytest.mark.parametrize("other", ["host", "port"])
async def test_no_secret_follows_a_redirect_to_another_origin(other: str) -> None:
    async with serve() as here, serve("127.0.0.2" if other == "host" else "127.0.0.1") as there:
        host = "127.0.0.2" if other == "host" else "127.0.0.1"
        back = f"/to/302?{here.url('/echo')}"
        await ask(here.url(f"/to/302?{there.url(back, host)}"), {"headers": SECRETS})
    first, last = here.arrivals
    assert (first.headers["authorization"], first.headers["x-api-key"]) == ("Bearer s", "s")
    for later in (there.arrivals[0], last):
        assert later.headers["accept-language"] == "zh"
        assert not {"authorization", "x-api-key", "private-token", "cookie"} & set(later.headers)


async def test_within_an_origin_headers_stay() -> None:
    async with serve() as origin:
        await ask(origin.url("/to/301?/echo"), {"headers": SECRETS})
    assert origin.arrivals[1].headers["authorization"] == "Bearer s"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://a.test/elsewhere",
        "http://a.test/",
        "https://a.test:8443/",
        "https://b.test/",
        "http://a.test./",
        "http://a.test.evil.test/",
    ],
)
async def test_a_configured_header_goes_to_exactly_its_host(elsewhere: str) -> None:
    seen: list[httpx.Request] = []

    def web(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return (
            httpx.Response(302, headers={"Location": elsewhere}) if len(seen) == 1 else httpx.Response(200)
        )

    def headers_of(host: str) -> tuple[tuple[str, str], ...]:
        return (("X-Key", "k"),) if host == "a.test" else ()

    async with Fetcher(settings(headers_of=headers_of), httpx.MockTransport(web)) as asking:
        answer(await asking.fetch(Request(url="https://a.test/", headers=SECRETS)))
    assert seen[0].headers["x-key"] == "k"
    there = address_of(elsewhere)
    assert there is not None
    for name in ("x-key", "authorization"):
        assert (name in seen[1].headers) == (there.origin == ("https", "a.test", 443))
