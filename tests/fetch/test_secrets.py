"""What is secret stays where it belongs: tokens at their origin, and nothing smuggled into a request."""

from __future__ import annotations

import httpx
import pytest
from fetching import answer, failure, fetcher, names, settings
from origin import Answer, serve

from enrich.fetch.client import Fetcher
from enrich.model import FailureKind, Outcome, Request

pytestmark = pytest.mark.anyio

API = "https://api.github.test/graphql"
TOKEN = (("Authorization", "bearer t0p-secret"),)

# Where an API may send us on to, and whether that is still the API. Case and a port that goes without saying
# change nothing; a final dot, another scheme or port, and names that only look alike are somebody else.
PLACES = [
    ("/v2/graphql", True),
    ("//api.github.test/x", True),
    ("https://API.GitHub.TEST/x", True),
    ("https://api.github.test:443/x", True),
    ("https://api%2Egithub.test/x", True),
    ("https://ａｐｉ.github.test/x", True),
    ("https://api。github.test/x", True),
    ("https://user:pw@api.github.test/x", True),
    ("http://api.github.test/x", False),
    ("http://api.github.test:443/x", False),
    ("https://api.github.test:8443/x", False),
    ("https://api.github.test./x", False),
    ("https://github.test/x", False),
    ("https://www.api.github.test/x", False),
    ("https://api.github.test.evil.test/x", False),
    ("https://api.github.test@evil.test/x", False),
    ("https://evil.test/api.github.test/x", False),
    ("https://evil.test#@api.github.test/", False),
    ("https://evil.test\\@api.github.test/x", False),
    ("https://api.gıthub.test/x", False),
    ("https://аpi.github.test/x", False),
    ("https://api-github.test/x", False),
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("location", "is_api"), PLACES)
async def test_a_token_goes_to_its_origin_alone(location: str, is_api: bool, status: int) -> None:
    seen: list[httpx.Request] = []

    def web(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        moved = httpx.Response(status, headers=[(b"location", location.encode())])
        return moved if len(seen) == 1 else httpx.Response(200)

    async with Fetcher(settings(), httpx.MockTransport(web)) as asking:
        question = Request(url=API, method="POST", body=b"{}", headers=TOKEN)
        answer(await asking.fetch(question))
    assert "authorization" in seen[0].headers
    assert ("authorization" in seen[1].headers) is is_api
    assert b"t0p-secret" not in seen[1].content
    if is_api:
        assert (seen[1].url.scheme, seen[1].url.host, seen[1].url.port) == (
            "https",
            "api.github.test",
            None,
        )


async def test_credentials_of_a_redirect_are_not_sent_either() -> None:
    async with serve() as origin:
        location = origin.url("/echo").replace("//", "//user:t0p-secret@")
        origin.script("/away", Answer(302, {"Location": location}))
        answer(await ask_origin(origin.url("/away")))
    assert [arrival.path for arrival in origin.arrivals] == ["/away", "/echo"]
    assert not any("t0p-secret" in str(arrival) or "dXNlc" in str(arrival) for arrival in origin.arrivals)


async def ask_origin(url: str, **changes: object) -> Outcome:
    async with fetcher(**changes) as asking:
        return await asking.fetch(Request(url=url))


async def test_cookies_of_one_answer_are_in_no_later_question() -> None:
    cookies = {"Set-Cookie": "id=t0p-secret; Path=/; Domain=.shop.test"}
    async with (
        serve() as origin,
        Fetcher(
            settings(retries=1),
            resolve=names({"www.shop.test": ["127.0.0.1"], "shop.test": ["127.0.0.1"]}),
        ) as asking,
    ):
        origin.script("/a", Answer(302, {**cookies, "Location": "/b"}))
        origin.script("/b", Answer(503, cookies), Answer(200, cookies))
        for host in ("www.shop.test", "shop.test", "www.shop.test"):
            answer(await asking.fetch(Request(url=origin.url("/a", host))))
    assert len(origin.arrivals) == 8  # the whole way again after the 503
    assert not any("cookie" in arrival.headers for arrival in origin.arrivals)


# --- nothing is smuggled into a request -------------------------------------------------------------

POISONS = [
    "a\r\nX-Injected: 1",
    "a\nX-Injected: 1",
    "a\rX-Injected: 1",
    "a\r\n\r\nGET /injected HTTP/1.1\r\nHost: x\r\n\r\n",
    "a\0b",
    "a\r\n X-Injected: 1",
]


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("place", ["question", "name", "host", "agent"])
async def test_a_poisoned_header_is_never_sent(poison: str, place: str) -> None:
    async with serve() as origin:
        changes: dict[str, object] = {}
        headers: tuple[tuple[str, str], ...] = ()
        match place:
            case "question":  # an ETag that was stored, say
                headers = (("If-None-Match", poison),)
            case "name":
                headers = ((poison, "x"),)
            case "host":
                changes["headers_of"] = lambda _host: (("X-Key", poison),)
            case _:
                changes["user_agent"] = poison
        async with fetcher(**changes) as asking:
            found = failure(await asking.fetch(Request(url=origin.url("/echo"), headers=headers)))
    assert found.kind is FailureKind.PROTOCOL
    assert origin.arrivals == []


@pytest.mark.parametrize(
    "path",
    [
        "/a\r\nX-Injected: 1",
        "/a%0d%0aX-Injected:%201",
        "/a%0D%0A%0D%0AGET%20/injected",
        "/?q=\r\n\r\nGET /injected HTTP/1.1",
        "/a HTTP/1.1\r\nX-Injected: 1\r\nX:",
        "/\u560d\u560aX-Injected: 1",
        "/a\0b",
    ],
)
async def test_a_poisoned_address_asks_one_question_and_injects_nothing(path: str) -> None:
    async with serve() as origin:
        origin.script("/to", Answer(302, {"Location": path.replace("\r", "%0d").replace("\n", "%0a")}))
        await ask_origin(origin.url(path))
        await ask_origin(origin.url("/to"))
    assert not any("x-injected" in arrival.headers for arrival in origin.arrivals)
    assert not any(arrival.path == "/injected" for arrival in origin.arrivals)
    assert len(origin.arrivals) <= 3


@pytest.mark.parametrize(
    "host", ["127.0.0.1\r\nX-Injected: 1", "127.0.0.1%0d%0aX-Injected: 1", "a b", "a\tb"]
)
async def test_a_poisoned_host_does_not_reach_the_request(host: str) -> None:
    async with serve() as origin:
        await ask_origin(f"http://{host}:{origin.port}/echo", timeout_seconds=2)
    assert not any("x-injected" in arrival.headers for arrival in origin.arrivals)
