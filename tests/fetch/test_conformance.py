"""Our transport makes of every server what httpx on httpcore makes of it.

The table is in `behaviours.py`. Both transports are asked the same, below any client: same status, same raw
headers, same bytes, same number of connections, or an error of the same family. Then the same bytes are sent
once more in single bytes, since nothing may depend on how the network cuts an answer into pieces.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

import anyio
import httpcore
import httpx
import pytest
from behaviours import BEHAVIOURS, Behaviour, Then, Trouble
from fetching import names

from enrich.fetch.address import Guard
from enrich.fetch.faults import fault_of, is_before_connection
from enrich.fetch.proxies import Proxies
from enrich.fetch.transport import OriginTransport
from enrich.standstill import AwakeLoop

pytestmark = pytest.mark.anyio

# How long a server is silent before we say that it is, and how long anything else may take on a busy machine.
SILENCE_SECONDS = 0.15
PATIENCE_SECONDS = 20.0

# Between two questions: long enough for the end of a connection to arrive over the loopback.
SETTLE_SECONDS = 0.005

# What is sent byte by byte is short, since each byte is a system call.
BYTEWISE_LIMIT = 400


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": AwakeLoop}


@pytest.fixture(scope="module", autouse=True)
async def one_event_loop_for_all(anyio_backend: object) -> None:
    """A loop for each of the rows would take longer than the rows."""


# --- the server -------------------------------------------------------------------------------------


class Server:
    """Plays one behaviour to whoever comes, and counts connections."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.connections = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._play(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if self.behaviour.then is Then.RESET else writer.close()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = self.behaviour.wire
        if self.behaviour.early:
            await self._send(writer, wire)
        while True:
            await reader.readuntil(b"\r\n\r\n")
            if not self.behaviour.early:
                await self._send(writer, wire)
            match self.behaviour.then:
                case Then.CLOSE:
                    return
                case Then.RESET:
                    await self._reset(writer)
                    return
                case Then.SILENCE:
                    await reader.read()
                    return
            if self.behaviour.later is not None:
                wire = self.behaviour.later
                if not wire:
                    await reader.readuntil(b"\r\n\r\n")
                    return

    async def _send(self, writer: asyncio.StreamWriter, wire: bytes) -> None:
        async with self._sending:
            for piece in _pieces(wire) if self.behaviour.bytewise else [wire]:
                writer.write(piece)
                await writer.drain()
                # Twice: once for the bytes to go out, once for the other side to read them.
                await asyncio.sleep(0)
                await asyncio.sleep(0)

    async def _reset(self, writer: asyncio.StreamWriter) -> None:
        """Closing with a linger of zero seconds sends RST; what was sent before it is given time to arrive."""
        await asyncio.sleep(SETTLE_SECONDS)
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def settle(self) -> None:
        """Wait until what is still to be sent was sent, an end included, and the other side can know."""
        is_ending = self.behaviour.then in (Then.CLOSE, Then.RESET)
        with anyio.fail_after(PATIENCE_SECONDS):
            if is_ending:
                await self.until_all_are_gone()
            async with self._sending:
                pass
        if is_ending or self.behaviour.bytewise:
            await asyncio.sleep(SETTLE_SECONDS)

    async def until_all_are_gone(self) -> None:
        """Wait until no connection is open."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _pieces(wire: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in wire]


@asynccontextmanager
async def playing(behaviour: Behaviour) -> AsyncIterator[Server]:
    server = Server(behaviour)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1 << 20)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await server.close()


# --- the two transports -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one request: an answer, or a family of errors and the words for it."""

    gives: int | Trouble
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a behaviour."""

    seen: tuple[Seen, ...]
    connections: int


FAMILIES: tuple[tuple[Trouble, tuple[type[Exception], ...]], ...] = (
    (Trouble.TIMEOUT, (httpx.TimeoutException, httpcore.TimeoutException, TimeoutError)),
    (Trouble.PROTOCOL, (httpx.RemoteProtocolError, httpcore.RemoteProtocolError)),
    (Trouble.NETWORK, (httpx.ReadError, httpx.WriteError, httpcore.ReadError, httpcore.WriteError)),
)


def family(error: Exception) -> Trouble:
    """The family of an error; one of no family, or that the client would take for a mistake of ours, is raised."""
    if not isinstance(error, TimeoutError) and fault_of(error) is None:
        raise error
    for trouble, kinds in FAMILIES:
        if isinstance(error, kinds):
            return trouble
    raise error


def reference() -> httpx.AsyncBaseTransport:
    # With a context of its own, since reading the usual certificates takes longer than the test.
    return httpx.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)


def ours() -> httpx.AsyncBaseTransport:
    guard = Guard((ip_network("127.0.0.0/8"),))
    return OriginTransport(guard=guard, resolve=names({}), proxies=Proxies({}))


async def ask(transport: httpx.AsyncBaseTransport, server: Server) -> Seen:
    behaviour = server.behaviour
    patience = SILENCE_SECONDS if behaviour.then is Then.SILENCE else PATIENCE_SECONDS
    timeout = {"connect": PATIENCE_SECONDS, "read": None, "write": None, "pool": None}
    request = httpx.Request(
        behaviour.method, f"http://127.0.0.1:{server.port}/path", extensions={"timeout": timeout}
    )
    try:
        with anyio.fail_after(patience):
            response = await transport.handle_async_request(request)
            try:
                body = b"".join([piece async for piece in response.aiter_raw()])
            finally:
                await response.aclose()
    except (httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError, TimeoutError) as error:
        return Seen(family(error))
    return Seen(response.status_code, tuple(map(_as_sent, response.headers.raw)), body)


def _as_sent(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """httpcore hands on the name of a transfer coding in lower case, we as it was sent."""
    name, value = header
    return (name, value.lower()) if name.lower() == b"transfer-encoding" else header


async def play(behaviour: Behaviour, transport: httpx.AsyncBaseTransport) -> Played:
    async with playing(behaviour) as server, transport:
        seen = []
        for _ in range(behaviour.asked):
            seen.append(await ask(transport, server))
            await server.settle()
        return Played(tuple(seen), server.connections)


async def compare(behaviour: Behaviour) -> tuple[Played, Played, Played]:
    """The behaviour as httpcore sees it, as we see it, and as we see it in single bytes, all at the same time."""
    may_be_cut = len(behaviour.wire) < BYTEWISE_LIMIT and behaviour.then is not Then.RESET
    pieces = replace(behaviour, bytewise=behaviour.bytewise or may_be_cut)
    return await asyncio.gather(play(behaviour, reference()), play(behaviour, ours()), play(pieces, ours()))


# --- the claims -------------------------------------------------------------------------------------


def in_short(played: Played) -> tuple[object, ...]:
    return (*((each.gives, each.body) for each in played.seen), played.connections)


def expected(behaviour: Behaviour) -> tuple[object, ...]:
    first = (behaviour.gives, behaviour.body)
    again = first
    if behaviour.again is not None:
        again = (behaviour.again, behaviour.again_body or b"")
    connections = min(behaviour.connections, behaviour.asked)
    return (*(first, again)[: behaviour.asked], connections)


def permitted(behaviour: Behaviour) -> Iterator[tuple[object, ...]]:
    """What our transport may make of it, beside what httpcore does."""
    if differs := behaviour.stricter:
        one = (differs.gives, differs.body)
        yield (*(one,) * behaviour.asked, differs.connections)


def each(behaviours: tuple[Behaviour, ...]) -> list[object]:
    return [pytest.param(behaviour, id=behaviour.name) for behaviour in behaviours]


def test_the_table_is_long_and_names_each_row_once() -> None:
    assert len(BEHAVIOURS) >= 80
    assert len({behaviour.name for behaviour in BEHAVIOURS}) == len(BEHAVIOURS)


@pytest.mark.parametrize("behaviour", each(BEHAVIOURS))
async def test_a_server_is_understood_as_httpx_understands_it(behaviour: Behaviour) -> None:
    theirs, own, pieces = await compare(behaviour)
    assert in_short(theirs) == expected(behaviour)
    for played in (own, pieces):
        if played != theirs:
            assert in_short(played) in list(permitted(behaviour))


# --- connections that do not come about -------------------------------------------------------------


async def connect(transport: httpx.AsyncBaseTransport, url: str, seconds: float) -> Exception | None:
    """The error of a connection that does not come about, or None."""
    timeout = {"connect": seconds, "read": None, "write": None, "pool": None}
    async with transport:
        try:
            response = await transport.handle_async_request(
                httpx.Request("GET", url, extensions={"timeout": timeout})
            )
        except (httpx.TransportError, httpcore.NetworkError, httpcore.TimeoutException) as error:
            return error
        await response.aclose()
    return None


CONNECT = (httpx.ConnectError, httpcore.ConnectError)
CONNECT_TIMEOUT = (httpx.ConnectTimeout, httpcore.ConnectTimeout)


async def test_a_closed_port_is_the_same_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
    for transport in (reference(), ours()):
        error = await connect(transport, url, 5.0)
        assert isinstance(error, CONNECT)
        assert is_before_connection(error)


async def test_a_host_that_takes_no_connection_is_the_same_error() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as held:
        # Nobody accepts: Linux then lets a connection or two wait, and answers no more.
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        for transport in (reference(), ours()):
            error = await connect(transport, url, 0.2)
            assert isinstance(error, CONNECT_TIMEOUT)
            assert is_before_connection(error)


async def test_a_question_that_is_given_up_leaves_no_connection_behind() -> None:
    behaviour = Behaviour("silence", b"", Trouble.TIMEOUT, then=Then.SILENCE)
    async with playing(behaviour) as server, ours() as transport:
        for _ in range(3):
            assert (await ask(transport, server)).gives is Trouble.TIMEOUT
        with anyio.fail_after(60):
            await server.until_all_are_gone()
        assert server.connections == 3
