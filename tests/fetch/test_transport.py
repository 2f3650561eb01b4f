"""Connections of our own: kept, given up, used again, closed; names remembered; questions written.

What servers say is the business of `test_conformance.py`, what the guard lets through that of `test_connect.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network

import anyio
import httpx
import pytest
import trustme
from fetching import answer, names, settings, until
from origin import Origin, serve

from enrich.fetch import pool
from enrich.fetch.address import Guard
from enrich.fetch.client import Fetcher
from enrich.fetch.faults import OutOfTimeError
from enrich.fetch.names import REMEMBERED_SECONDS, RememberedNames
from enrich.fetch.proxies import Proxies
from enrich.fetch.transport import Adapted, OriginTransport, Question, StaleConnectionError
from enrich.fetch.transport import Origin as Asked
from enrich.fetch.wire import MOST_UNREAD_BYTES, Wire, written
from enrich.model import Request

pytestmark = pytest.mark.anyio

LOOPBACK = Guard((ip_network("127.0.0.0/8"),))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def transport(
    ca_bundle: str | None = None,
    is_wanted: Callable[[Asked], bool] = lambda _origin: True,
    most_idle: int = pool.MOST_IDLE,
) -> OriginTransport:
    resolve = names({"a.test": ["127.0.0.1"], "b.test": ["127.0.0.1"]})
    return OriginTransport(
        guard=LOOPBACK, resolve=resolve, proxies=Proxies({}), ca_bundle=ca_bundle, is_wanted=is_wanted,
        most_idle=most_idle,
    )  # fmt: skip


def question(port: int, method: str = "GET", path: bytes = b"/", scheme: str = "http") -> Question:
    return Question(method, (scheme, "a.test", port), path, ((b"Host", b"a.test"),))


async def body_of(asking: OriginTransport, asked: Question) -> bytes:
    found = await asking.exchange(asked, 60.0)
    return b"".join([chunk async for chunk in found.chunks()])


@asynccontextmanager
async def server(play: Serve) -> AsyncIterator[int]:
    """A server that does with each connection what a test says; gives its port."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await play(reader, writer)
        writer.transport.abort()

    listening = await asyncio.start_server(one, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await asyncio.sleep(0)


# --- a connection that the server gave up -------------------------------------------------------------


class Forgetful:
    """Answers the first question of each connection, and closes without a word at the second."""

    def __init__(self, says_first: bytes = b"") -> None:
        self.says_first = says_first
        self.asked: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.says_first)
        await writer.drain()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_question_on_a_connection_that_the_server_gives_up_may_be_sent_once_more(
    method: str,
) -> None:
    play = Forgetful()
    async with server(play) as port, transport() as asking:
        await body_of(asking, question(port))
        with pytest.raises(StaleConnectionError):
            await asking.exchange(question(port, method), 60.0)
        assert play.connections == 1, "when it is sent again, is for the manners of the host to say"
        found = await asking.exchange(question(port, method), 60.0, fresh=True)
        found.close()
    assert (found.status, play.connections, len(play.asked)) == (200, 2, 3)


async def test_the_shell_for_httpx_sends_it_once_more_by_itself() -> None:
    play = Forgetful()
    async with server(play) as port, httpx.AsyncClient(transport=transport()) as client:
        answers = [(await client.get(f"http://127.0.0.1:{port}/")).status_code for _ in range(2)]
    assert (answers, play.connections, len(play.asked)) == ([200, 200], 2, 3)


async def test_a_question_that_may_have_had_an_effect_is_never_sent_twice() -> None:
    play = Forgetful()
    async with server(play) as port, transport() as asking:
        await body_of(asking, question(port))
        with pytest.raises(httpx.RemoteProtocolError, match="without an answer"):
            await asking.exchange(question(port, "POST"), 60.0)
    assert (play.connections, len(play.asked)) == (1, 2)


async def test_a_question_is_not_sent_again_once_the_answer_has_begun() -> None:
    play = Forgetful(b"H")
    async with server(play) as port, transport() as asking:
        await body_of(asking, question(port))
        with pytest.raises(httpx.RemoteProtocolError, match="within the headers"):
            await asking.exchange(question(port), 60.0)
    assert play.connections == 1


async def test_a_question_on_a_fresh_connection_is_sent_once() -> None:
    asked = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))

    async with server(play) as port, transport() as asking:
        with pytest.raises(httpx.RemoteProtocolError):
            await asking.exchange(question(port), 60.0)
    assert len(asked) == 1


async def test_a_connection_that_is_closed_while_idle_is_noticed() -> None:
    play = Forgetful()

    async def briefly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        play.connections += 1
        writer.write(OK)
        await writer.drain()

    async with server(briefly) as port, transport() as asking:
        await body_of(asking, question(port))
        await until(lambda: len(asking._idle) == 0)
        assert await body_of(asking, question(port)) == b"ok"
    assert play.connections == 2


async def test_what_a_server_says_unasked_on_an_idle_connection_is_no_answer() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 500 Not Yours\r\nContent-Length: 0\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")

    async with server(play) as port, transport() as asking:
        await body_of(asking, question(port))
        await until(lambda: len(asking._idle) == 0)
        assert await body_of(asking, question(port)) == b"ok"


# --- bounds -----------------------------------------------------------------------------------------


async def test_a_body_that_nobody_reads_is_not_taken_in() -> None:
    sent = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with server(play) as port, transport() as asking:
        found = await asking.exchange(question(port), 60.0)
        before = -1
        while sent != before:
            before = sent
            assert sent < 64 << 20, "the server can go on"
            await anyio.sleep(0.1)
        unread = sum(map(len, found._reader.pieces))
        assert unread <= MOST_UNREAD_BYTES + (256 << 10)
        taken = 0
        async with contextlib.aclosing(found.chunks()) as chunks:
            async for chunk in chunks:
                taken += len(chunk)
                if taken > 3 << 20:
                    break
        found.close()
    assert sent > before


@pytest.mark.parametrize("reset", [False, True])
async def test_a_body_whose_connection_ends_while_it_waits_is_read_as_far_as_it_came(reset: bool) -> None:
    ended = anyio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000)
        await writer.drain()
        if reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        ended.set()

    async with server(play) as port, transport() as asking:
        found = await asking.exchange(question(port), 60.0)
        await ended.wait()
        await anyio.sleep(0.05)
        taken = 0
        try:
            async for chunk in found.chunks():
                taken += len(chunk)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            ended_early = True
        else:
            ended_early = False
    assert ended_early
    assert 0 < taken <= 100_000


@pytest.mark.parametrize("when", ["before the head", "within the body"])
async def test_a_cancelled_question_closes_its_connection_at_once(when: str) -> None:
    asked, closed = anyio.Event(), anyio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if when == "within the body":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        asked.set()
        with contextlib.suppress(OSError):
            await reader.read()
        closed.set()

    async with server(play) as port, Fetcher(settings()) as asking:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(asking.fetch, Request(url=f"http://127.0.0.1:{port}/"))
            await asked.wait()
            await anyio.sleep(0.1)
            tasks.cancel_scope.cancel()
        with anyio.fail_after(60):
            await closed.wait()


async def test_closing_ends_the_connections_in_use_and_nothing_is_left_open() -> None:
    closed = anyio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        with contextlib.suppress(OSError):
            await reader.read()
        closed.set()

    async with server(play) as port:
        asking = transport()
        found = await asking.exchange(question(port), 60.0)
        await asking.aclose()
        with anyio.fail_after(60):
            await closed.wait()
        assert not found.is_complete
    gc.collect()  # a socket left open would be a warning here, and warnings are errors


def certified(*hosts: str) -> tuple[ssl.SSLContext, trustme.CA]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return context, authority


async def test_an_idle_connection_with_tls_is_closed_when_nobody_asks_its_origin_any_more(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(pool, "SWEEP_SECONDS", 0.05)
    context, authority = certified("a.test")
    bundle = tmp_path_factory.mktemp("authority") / "bundle.pem"
    authority.cert_pem.write_to_path(str(bundle))
    wanted = True
    async with serve(tls=context) as origin, transport(str(bundle), lambda _origin: wanted) as asking:
        await body_of(asking, question(origin.port, scheme="https"))
        await anyio.sleep(0.15)
        assert len(asking._idle) == 1
        wanted = False
        await until(lambda: len(asking._idle) == 0)
        assert origin.connections == 1


async def test_an_idle_connection_is_closed_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SWEEP_SECONDS", 0.05)
    async with serve() as origin, transport() as asking:
        await body_of(asking, question(origin.port, path=b"/ok"))
        await anyio.sleep(0.2)
        assert len(asking._idle) == 1
        monkeypatch.setattr(pool, "KEEPALIVE_SECONDS", 0.05)
        await until(lambda: len(asking._idle) == 0)


async def test_a_name_with_a_dot_at_its_end_is_certified_without_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    context, authority = certified("a.test")
    bundle = tmp_path_factory.mktemp("authority") / "bundle.pem"
    authority.cert_pem.write_to_path(str(bundle))
    async with serve(tls=context) as origin, transport(str(bundle)) as asking:
        asked = Question("GET", ("https", "a.test.", origin.port), b"/ok", ((b"Host", b"a.test."),))
        assert (await asking.exchange(asked, 60.0)).status == 200


# --- names ------------------------------------------------------------------------------------------


async def test_a_name_is_looked_up_once_a_minute() -> None:
    asked: list[str] = []
    moments = [0.0]
    remembered = RememberedNames(names({"a.test": ["1.1.1.1"]}, asked), lambda: moments[-1])
    for moment in (0.0, 1.0, REMEMBERED_SECONDS - 1, REMEMBERED_SECONDS + 1):
        moments.append(moment)
        assert await remembered.look_up("a.test", 80) == ["1.1.1.1"]
    assert asked == ["a.test", "a.test"]


@pytest.mark.parametrize("fails", [False, True])
async def test_those_who_ask_for_one_name_at_the_same_time_share_one_look_up(fails: bool) -> None:
    asked = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        await anyio.sleep(0.05)
        if fails:
            raise socket.gaierror(socket.EAI_AGAIN, "later")
        return ["1.1.1.1"]

    remembered = RememberedNames(resolve)
    found: list[object] = []

    async def ask() -> None:
        try:
            found.append(await remembered.look_up("a.test", 80))
        except socket.gaierror as error:
            found.append(error.errno)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(ask)
    assert found == [socket.EAI_AGAIN if fails else ["1.1.1.1"]] * 5
    assert len(asked) == 1
    await ask()
    assert len(asked) == (2 if fails else 1), "a failure is not remembered"


async def test_who_waits_for_a_name_asks_himself_when_the_asker_gives_up() -> None:
    asked = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        await anyio.sleep(60 if len(asked) == 1 else 0)
        return ["1.1.1.1"]

    remembered = RememberedNames(resolve)

    async def give_up() -> None:
        with anyio.move_on_after(0.05):
            await remembered.look_up("a.test", 80)

    with anyio.fail_after(50):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(give_up)
            await anyio.sleep(0.01)
            assert await remembered.look_up("a.test", 80) == ["1.1.1.1"]
    assert len(asked) == 2


async def test_a_name_that_changes_its_address_is_connected_to_where_it_was_judged() -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    guard = Guard((ip_network("127.0.0.2/32"),))
    async with serve("127.0.0.2") as origin:
        asking = OriginTransport(guard=guard, resolve=resolve, proxies=Proxies({}))
        async with asking:
            for _ in range(3):
                found = await asking.exchange(question(origin.port, path=b"/endless"), 60.0)
                found.close()
    assert (len(asked), origin.connections) == (1, 3)


# --- questions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET", b"/", ((b"X-A", b"b\r\nX-B: c"),)),
        ("GET", b"/", ((b"X-A", b"b\r\n\r\nGET / HTTP/1.1"),)),
        ("GET", b"/", ((b"X-A", b"b\nX-B: c"),)),
        ("GET", b"/", ((b"X-A", b"b\0"),)),
        ("GET", b"/", ((b"X A", b"b"),)),
        ("GET", b"/", ((b"X-A: b\r\nX-B", b"c"),)),
        ("GET", b"/a b", ()),
        ("GET", b"/ HTTP/1.1\r\nX-A: b\r\n\r\nGET /", ()),
        ("GET", b"", ()),
        ("GET /x", b"/", ()),
        ("GET", b"/" + b"x" * 70_000, ()),
    ],
)
def test_what_would_not_be_one_request_is_not_written(
    method: str, target: bytes, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    with pytest.raises(httpx.LocalProtocolError):
        written(method, target, headers, None)


@pytest.mark.parametrize(
    ("method", "body", "ends"),
    [
        ("GET", None, b"Host: a\r\n\r\n"),
        ("POST", b"hi", b"Host: a\r\nContent-Length: 2\r\n\r\nhi"),
        ("POST", None, b"Host: a\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_a_request_says_how_long_its_body_is(method: str, body: bytes | None, ends: bytes) -> None:
    request = written(method, b"/x?y", ((b"Host", b"a"),), body)
    assert request == b"%b /x?y HTTP/1.1\r\n%b" % (method.encode(), ends)


# --- httpx above and below --------------------------------------------------------------------------


async def test_httpx_works_on_it() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with serve() as origin, httpx.AsyncClient(transport=transport()) as client:
        said = (await client.post(origin.url("/echo", "b.test"), content=parts())).json()
        head = await client.head(origin.url("/ok", "b.test"))
        with pytest.raises(httpx.ReadTimeout):
            await client.get(origin.url("/silent", "b.test"), timeout=httpx.Timeout(60, read=0.1))
        with pytest.raises(httpx.ReadTimeout):
            await client.get(origin.url("/drip", "b.test"), timeout=httpx.Timeout(60, read=0.02))
        with pytest.raises(httpx.UnsupportedProtocol):
            await client.get("ftp://b.test/")
    assert (said["body"], said["headers"]["content-length"]) == ("one two", "7")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_transport_of_httpx_takes_the_place_of_the_network() -> None:
    seen: list[httpx.Request] = []

    def web(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(418, headers={"X-A": "b"}, content=b"tea")

    asking = Adapted(httpx.MockTransport(web))
    found = await asking.exchange(
        Question("POST", ("https", "[2606:4700::1]", 8443), b"/a%7E|", ((b"X-B", b"c"),), b"body"), 2.0
    )
    assert (found.status, (b"X-A", b"b") in found.headers) == (418, True)
    assert b"".join([chunk async for chunk in found.chunks()]) == b"tea"
    await found.aclose()
    assert str(seen[0].url) == "https://[2606:4700::1]:8443/a%7E|"
    assert (seen[0].headers["x-b"], seen[0].content) == ("c", b"body")


async def test_a_hundred_questions_at_once_leave_a_bounded_number_of_connections() -> None:
    async with serve() as origin, transport(most_idle=5) as asking:
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(body_of, asking, question(origin.port, path=b"/slow/0.05"))
        await until(lambda: (len(asking._idle), _open(origin)) == (5, 5))


def _open(origin: Origin) -> int:
    return len(origin._open)


async def test_https_asks_for_http_1_1_and_nothing_newer(tmp_path_factory: pytest.TempPathFactory) -> None:
    context, authority = certified("127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    bundle = tmp_path_factory.mktemp("authority") / "bundle.pem"
    authority.cert_pem.write_to_path(str(bundle))
    async with serve(tls=context) as origin, Fetcher(settings(ca_bundle=str(bundle))) as asking:
        assert answer(await asking.fetch(Request(url=origin.url("/ok")))).status == 200


# --- waiting for one that is in use -----------------------------------------------------------------


class _Pipe(asyncio.Transport):
    """What a connection stands on, as far as it is open or not. What is written goes nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.is_over = False

    def is_closing(self) -> bool:
        return self.is_over

    def abort(self) -> None:
        self.is_over = True

    def write(self, data: object) -> None:
        pass


def _in_use(idle: pool.IdleWires, connect_seconds: float) -> Wire:
    """A connection to "a" that somebody uses, and that took so long to be made."""
    wire = Wire()
    wire.connection_made(_Pipe())
    idle.adopt("a", wire, False, connect_seconds)
    return wire


def _is_free(wire: Wire) -> None:
    assert wire.on_free is not None
    wire.on_free(wire)


async def test_who_finds_all_connections_in_use_gets_the_one_that_comes_free() -> None:
    idle = pool.IdleWires(lambda _key: True)
    wire = _in_use(idle, 60.0)
    asyncio.get_running_loop().call_soon(_is_free, wire)
    assert await idle.come_free("a", None) is wire
    assert (len(idle), idle.take("a")) == (0, None)


async def test_nobody_waits_longer_for_one_than_the_last_took_to_be_made() -> None:
    idle = pool.IdleWires(lambda _key: True)
    wire = _in_use(idle, 0.001)
    assert await idle.come_free("a", None) is None
    _is_free(wire)
    assert idle.take("a") is wire, "it waits for nobody who has given up"


async def test_nobody_waits_for_one_beyond_the_deadline_of_his_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "MOST_PATIENCE_SECONDS", 60.0)
    idle = pool.IdleWires(lambda _key: True)
    _in_use(idle, 60.0)
    with anyio.fail_after(30):
        assert await idle.come_free("a", asyncio.get_running_loop().time()) is None


async def test_where_the_last_connection_is_lost_nobody_waits_for_it() -> None:
    idle = pool.IdleWires(lambda _key: True)
    asyncio.get_running_loop().call_soon(_in_use(idle, 60.0).connection_lost, None)
    assert await idle.come_free("a", None) is None
    assert await idle.come_free("a", None) is None, "nor for one that there is not"


async def test_a_connection_that_comes_free_for_somebody_who_was_cut_off_is_kept() -> None:
    idle = pool.IdleWires(lambda _key: True)
    wire = _in_use(idle, 60.0)
    waiting = asyncio.ensure_future(idle.come_free("a", None))
    await asyncio.sleep(0)
    _is_free(wire)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert idle.take("a") is wire


async def test_a_connection_that_was_closed_before_it_was_used_is_not_put_back() -> None:
    """As by a server that says goodbye with the last words of its handshake, when the turn has come too late."""
    idle, pipe, wire = pool.IdleWires(lambda _key: True), _Pipe(), Wire()
    wire.connection_made(pipe)
    wire.eof_received()
    idle.adopt("a", wire, True, 0.5)
    idle.put_back("a", wire)
    assert (len(idle), idle.take("a")) == (0, None)


async def test_no_more_connections_are_kept_than_there_may_be() -> None:
    idle = pool.IdleWires(lambda _key: True, most=2)
    wires = [_in_use(idle, 0.0) for _ in range(3)]
    for wire in wires:
        _is_free(wire)
    assert len(idle) == 2
    assert not wires[0].is_open, "the one that has lain there for longest goes"


# --- the end of the time of an answer ---------------------------------------------------------------


@pytest.mark.parametrize(
    "before", [0.01, 60.0], ids=["its alarm was set for then", "its alarm was set for later"]
)
async def test_a_later_answer_over_the_same_connection_has_an_end_of_its_own(before: float) -> None:
    wire, loop = Wire(), asyncio.get_running_loop()
    wire.connection_made(_Pipe())
    first = wire.ask("HEAD", b"", until=loop.time() + before)
    wire.data_received(b"HTTP/1.1 204 Fine\r\n\r\n")
    await first.head()
    end = loop.time() + 0.05
    late = wire.ask("HEAD", b"", until=end)
    with pytest.raises(OutOfTimeError):
        await late.head()
    assert loop.time() >= end - 0.01
