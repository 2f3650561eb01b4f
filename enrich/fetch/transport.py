"""`OriginTransport`: questions over connections of our own, guarded, kept for the next question, or through a proxy.

httpcore's pool is quadratic in its open connections (500 hosts in one pool of 1,000: 882 of 4,000 requests in 30 s),
and even one httpcore connection for each host costs six times the processor of lychee. So HTTP/1.1 is spoken here on
asyncio itself: `reading.py` reads an answer, `wire.py` is a connection, `tls.py` its TLS, `connect.py` makes one under
the guard's eyes, `pool.py` keeps the idle ones. `exchange` is all of that for one question, without an object of httpx;
the shell around it is a transport for httpx's client, and `Adapted` is the way back, for a small web that stands in for
the network.
"""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

import anyio
import httpx

from enrich.fetch.address import Guard
from enrich.fetch.body import Answered
from enrich.fetch.connect import HEAD_START_SECONDS, GuardedConnector, tls_context, within
from enrich.fetch.faults import OutOfTimeError, ProxyRefusedError
from enrich.fetch.hops import Origin
from enrich.fetch.names import Resolve
from enrich.fetch.pool import MOST_IDLE, IdleWires
from enrich.fetch.proxies import Proxies, Proxy, parse_proxy
from enrich.fetch.reading import Headers
from enrich.fetch.wire import Answer, Wire, written
from enrich.model.records import record
from enrich.urls import USUAL_PORTS, WEB_SCHEMES

# Only these may be sent twice: the first may have done its work (RFC 9110 section 9.2.1).
_SAFE = frozenset({"GET", "HEAD"})


def _unchecked() -> None:
    return None


@record(frozen=True, slots=True)
class Question:
    """What is asked of an origin. ``target`` is what stands in the request line; ``headers`` begin with Host.

    ``check`` is called when all is ready and nothing has been sent, which may be long after the question was made; what
    it raises keeps the question from being sent.
    """

    method: str
    origin: Origin
    target: bytes
    headers: Iterable[tuple[bytes, bytes]]
    body: bytes | None = None
    check: Callable[[], None] = _unchecked


class LateTurnError(Exception):
    """The turn was too old when the question could be sent, so that it waits for another one: connecting took long, or
    the process slept, and others whose turns came after it may be sending in this moment."""


class StaleConnectionError(httpx.ReadError):
    """The server gave the connection up while it was idle, so the question may go again over a fresh one."""


class Exchange(Protocol):
    """What carries questions to the web and brings the answers: the network, or what stands in for it."""

    async def exchange(
        self,
        question: Question,
        connect_timeout: float | None,
        *,
        until: float | None = None,
        fresh: bool = False,
    ) -> Answered:
        """Ask, and wait for the head of the answer. All of it is to be there ``until`` then, on the clock of the
        loop: later it is an OutOfTimeError, of the body as well."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Route:
    """How an origin is reached. Questions with the same key may use the same connections."""

    key: Hashable
    has_tls: bool
    proxy: Proxy | None = None

    @property
    def is_forwarded(self) -> bool:
        """Whether the proxy itself reads the question."""
        return self.proxy is not None and not self.has_tls


class OriginTransport(httpx.AsyncBaseTransport):
    """Asks origins. ``is_wanted`` says whether anybody is about to ask one again: idle TLS is closed otherwise.
    ``most_idle`` connections are kept.
    """

    def __init__(
        self,
        *,
        guard: Guard,
        resolve: Resolve,
        proxies: Proxies,
        ca_bundle: str | None = None,
        is_wanted: Callable[[Origin], bool] = lambda _origin: True,
        most_idle: int = MOST_IDLE,
    ) -> None:
        proxies.check()
        self.has_used_proxy = False
        self._connector = GuardedConnector(guard, resolve)
        self._proxies = proxies
        self._route = lru_cache(maxsize=4096)(self._route_to)
        self._tls = tls_context(ca_bundle) if ca_bundle else None
        self._idle = IdleWires(lambda key: is_wanted(cast("Origin", key)), most_idle)

    @property
    def names_resolved(self) -> int:
        return len(self._connector.resolved)

    async def exchange(
        self,
        question: Question,
        connect_timeout: float | None,
        read_timeout: float | None = None,
        *,
        until: float | None = None,
        fresh: bool = False,
    ) -> Answer:
        """Ask, and wait for the head of the answer. Timeouts are seconds; ``until``, on the clock of the loop, is
        the end of it all.

        Raises httpx's errors, and `AddressRefusedError` where the guard refuses. `StaleConnectionError` says that
        a connection was given up while it was idle and that the question had no effect: it may go again, ``fresh``.
        When, is for the manners of the host to say.
        """
        route = self._route(*question.origin)
        request = _request_of(question, route)
        wire = None if fresh else self._idle.take(route.key) or await self._idle.come_free(route.key, until)
        if wire is not None:
            self._let_go(question, wire, route)
            answer = wire.ask(question.method, request, read_timeout, until)
            try:
                await answer.head()
            except (httpx.RemoteProtocolError, httpx.ReadError) as error:
                if question.method not in _SAFE or not answer.is_unanswered:
                    raise
                raise StaleConnectionError("the server had closed the connection") from error
            return answer
        with _in_time(until):
            wire = await self._open(route, question.origin, connect_timeout)
        self._let_go(question, wire, route)
        answer = wire.ask(question.method, request, read_timeout, until)
        await answer.head()
        return answer

    def _let_go(self, question: Question, wire: Wire, route: _Route) -> None:
        """The last look before a question is sent. A connection that is not needed yet is another question's."""
        try:
            question.check()
        except BaseException:
            self._idle.put_back(route.key, wire)
            raise

    def _route_to(self, scheme: str, host: str, port: int) -> _Route:
        has_tls, origin = scheme == "https", (scheme, host, port)
        url = self._proxies.choose(*origin)
        if url is None:
            return _Route(origin, has_tls)
        self.has_used_proxy = True
        # What a proxy reads itself may follow anything else on the same connection.
        return _Route(origin if has_tls else url, has_tls, parse_proxy(url))

    async def _open(self, route: _Route, origin: Origin, timeout: float | None) -> Wire:
        """A connection over which an origin can be asked."""
        wire, started = Wire(), asyncio.get_running_loop().time()
        _, host, port = origin
        try:
            if route.proxy is None:
                await _attach(wire, await self._connector.connect(host.strip("[]"), port, timeout))
            else:
                await self._open_proxy(wire, route.proxy, timeout)
                if route.has_tls:
                    await _open_tunnel(wire, route.proxy, _authority(host, port))
            if route.has_tls:
                await self._secure(wire, host, timeout)
        except BaseException:
            wire.abort()
            raise
        took = asyncio.get_running_loop().time() - started
        self._idle.adopt(route.key, wire, route.has_tls, took)
        return wire

    async def _open_proxy(self, wire: Wire, proxy: Proxy, timeout: float | None) -> None:
        connecting = asyncio.get_running_loop().create_connection(
            lambda: wire, proxy.host, proxy.port, happy_eyeballs_delay=HEAD_START_SECONDS
        )
        try:
            await within(timeout, connecting)
            if proxy.scheme == "https":
                await self._secure(wire, proxy.host, timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise httpx.ProxyError(f"{proxy.host}:{proxy.port} took no connection ({error})") from error

    async def _secure(self, wire: Wire, host: str, timeout: float | None) -> None:
        """TLS with who has a certificate for this name; the dot at its end belongs to DNS alone."""
        if not wire.is_open:
            raise httpx.ConnectError("the connection was closed at once")
        name = host.strip("[]").removesuffix(".")
        if self._tls is None:
            self._tls = tls_context(None)  # once: reading the bundle takes 27 ms
        await within(timeout, wire.secure(self._tls, name))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The same for httpx's client."""
        limits = request.extensions.get("timeout", {})
        question, connect, read = await _question_of(request), limits.get("connect"), limits.get("read")
        try:
            answer = await self.exchange(question, connect, read)
        except StaleConnectionError:
            answer = await self.exchange(question, connect, read, fresh=True)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Stream(answer),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": answer.reason},
        )

    async def aclose(self) -> None:
        self._idle.close()
        await asyncio.sleep(0)  # asyncio closes sockets one turn later


async def _attach(wire: Wire, sock: socket.socket) -> None:
    try:
        await asyncio.get_running_loop().create_connection(lambda: wire, sock=sock)
    except BaseException:
        sock.close()
        raise


async def _open_tunnel(wire: Wire, proxy: Proxy, authority: bytes) -> None:
    """Have the proxy connect us with an origin (RFC 9110 section 9.3.6)."""
    headers = ((b"Host", authority), *proxy.headers)
    answer = wire.ask("CONNECT", written("CONNECT", authority, headers, None))
    try:
        await answer.head()
    except (httpx.RemoteProtocolError, httpx.ReadError) as error:
        raise httpx.ProxyError(f"it opened no tunnel ({error})") from error
    if not 200 <= answer.status < 300:
        refused = 400 <= answer.status < 500 and answer.status != 407
        said = f"{answer.status} {answer.reason.decode('ascii', 'replace')}".rstrip()
        raise ProxyRefusedError(said) if refused else httpx.ProxyError(said)
    if not wire.is_open:
        raise httpx.ProxyError("it opened no tunnel (the connection was closed)")


def _authority(host: str, port: int) -> bytes:
    name = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{name}:{port}".encode("ascii")


def _absolute(question: Question) -> bytes:
    """The whole URL of a question."""
    scheme, host, port = question.origin
    authority = _authority(host, port).removesuffix(b":%d" % USUAL_PORTS[scheme])
    return b"%b://%b%b" % (scheme.encode("ascii"), authority, question.target)


def _request_of(question: Question, route: _Route) -> bytes:
    """The request for who reads it: a proxy gets the whole URL, and what it wants to know of us."""
    if route.proxy is None or not route.is_forwarded:
        return written(question.method, question.target, question.headers, question.body)
    return written(
        question.method, _absolute(question), (*question.headers, *route.proxy.headers), question.body
    )


# --- httpx above and below --------------------------------------------------------------------------

# How a body is framed is for `written` to say.
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


async def _question_of(request: httpx.Request) -> Question:
    url = request.url
    if url.scheme not in WEB_SCHEMES:
        raise httpx.UnsupportedProtocol(f"{url.scheme} addresses are not asked")
    assert isinstance(request.stream, httpx.AsyncByteStream)
    body = b"".join([part async for part in request.stream])
    return Question(
        request.method,
        (url.scheme, url.raw_host.decode("ascii"), url.port or USUAL_PORTS[url.scheme]),
        url.raw_path,
        [pair for pair in request.headers.raw if pair[0].lower() not in _FRAMING],
        body or None,
    )


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.chunks()

    async def aclose(self) -> None:
        self._answer.close()


class Adapted:
    """A transport of httpx in place of the network: what it is asked, and answers, in the terms of `exchange`."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def exchange(
        self,
        question: Question,
        connect_timeout: float | None,
        *,
        until: float | None = None,
        fresh: bool = False,
    ) -> Answered:
        request = httpx.Request(
            question.method,
            _absolute(question).decode("ascii"),
            headers=list(question.headers),
            content=question.body,
            extensions={"timeout": {"connect": connect_timeout, "read": None, "write": None, "pool": None}},
        )
        question.check()
        with _in_time(until):
            return _AdaptedAnswer(await self._transport.handle_async_request(request), until)

    async def aclose(self) -> None:
        await self._transport.aclose()


@contextmanager
def _in_time(until: float | None) -> Iterator[None]:
    """Raises OutOfTimeError for what is not done by then."""
    with anyio.move_on_after(
        math.inf if until is None else until - asyncio.get_running_loop().time()
    ) as scope:
        yield
    if scope.cancelled_caught:
        raise OutOfTimeError("it took too long")


class _AdaptedAnswer:
    is_complete = False

    def __init__(self, response: httpx.Response, until: float | None) -> None:
        self._response = response
        self._until = until

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Headers:
        return self._response.headers.raw

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        pieces = aiter(cast("httpx.AsyncByteStream", self._response.stream))
        while True:
            # Not around the loop: a scope must be left by who entered it.
            with _in_time(self._until):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece

    async def aclose(self) -> None:
        await self._response.aclose()
