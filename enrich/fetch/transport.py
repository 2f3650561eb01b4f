"""Connections: per origin, guarded at connect time, through a proxy where one is set.

httpcore's pool is quadratic in its open connections (500 hosts in one pool of 1,000: 882 of 4,000 requests
in 30 s; a pool for each host: all of them in 3.4 s), so every origin has a small pool of its own. The guard sits
in the network backend, the one place where httpcore opens a socket for any hop: the name is resolved once, each
address is judged, and the address itself is what we connect to, so nothing resolves a second time. TLS still
checks the certificate against the name.
"""

from __future__ import annotations

import socket
import ssl
import urllib.request
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import chain, zip_longest
from typing import Any

import anyio
import anyio.to_thread
import httpcore
import httpx

from enrich.errors import UsageError
from enrich.fetch.address import Guard, is_local_name
from enrich.fetch.faults import AddressRefusedError, NameLookupError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host name and port to the addresses behind it, in order of preference; raises socket.gaierror."""

SocketOptions = Iterable[Any]

# RFC 8305 section 8: how long the next address waits for the one before it, and how many are tried at all.
_HEAD_START_SECONDS = 0.25
_MOST_ADDRESSES = 6

# asyncio's own pool for look-ups has as few as five threads: five dead names would hold up all others.
_LOOKUP_THREADS = 64

# Connections of hosts that nobody is asking at the moment. Together with those in use they stay well
# below the usual limit of 1,024 open files.
_IDLE_ORIGINS = 256
_KEEPALIVE_SECONDS = 20.0

_PORTS = {"http": 80, "https": 443}


# --- names -----------------------------------------------------------------------------------------


def system_resolver() -> Resolve:
    """The operating system's resolver, in threads of its own."""
    limiter = anyio.CapacityLimiter(_LOOKUP_THREADS)

    async def resolve(host: str, port: int) -> list[str]:
        # As bytes, since Python's IDNA codec raises on labels (`a..b`) that the resolver simply does not know.
        name = host.encode("ascii")
        infos = await anyio.to_thread.run_sync(
            lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM),
            abandon_on_cancel=True,
            limiter=limiter,
        )
        return [str(info[4][0]) for info in infos]

    return resolve


def alternate(addresses: Iterable[str]) -> list[str]:
    """Addresses without repeats, the two families in turn (RFC 8305 section 4), the first family leading."""
    unique = list(dict.fromkeys(addresses))
    lead = [each for each in unique if (":" in each) == (":" in unique[0])]
    rest = [each for each in unique if each not in lead]
    return [each for each in chain.from_iterable(zip_longest(lead, rest)) if each][:_MOST_ADDRESSES]


# --- the guard at connect time ----------------------------------------------------------------------


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, judges, and connects to the address that was judged."""

    def __init__(
        self, guard: Guard, resolve: Resolve, inner: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._guard = guard
        self._resolve = resolve
        self._inner = inner or httpcore.AnyIOBackend()
        self.resolved: set[str] = set()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._allowed(host, port)
        stream = await self._first(addresses, port, timeout)
        if self._is_this_machine(stream):
            await stream.aclose()
            raise AddressRefusedError(f"{host} is this machine")
        return stream

    async def _allowed(self, host: str, port: int) -> list[str]:
        """The addresses behind a host that may be asked. The look-up has no limit but the attempt's
        deadline: where the first name server is down, every answer takes five seconds."""
        try:
            found = await self._resolve(host, port)
        except OSError as error:
            raise NameLookupError(str(error)) from error
        if not _is_literal(host) and not is_local_name(host):
            self.resolved.add(host)
        refusals = {address: self._guard.refusal(ip_address(address), port) for address in found}
        allowed = [address for address, refusal in refusals.items() if refusal is None]
        if not allowed:
            raise AddressRefusedError(f"{host}: {next(iter(refusals.values()), 'no address')}")
        return alternate(allowed)

    async def _first(
        self, addresses: list[str], port: int, timeout: float | None
    ) -> httpcore.AsyncNetworkStream:
        """The first connection that comes about; a dead address delays the next by a quarter second."""
        if len(addresses) == 1:
            return await self._inner.connect_tcp(addresses[0], port, timeout)
        winners: list[httpcore.AsyncNetworkStream] = []
        errors: list[Exception] = []

        async def run(address: str, lost: anyio.Event) -> None:
            try:
                winners.append(await self._inner.connect_tcp(address, port, timeout))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                errors.append(error)
                lost.set()
            else:
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            for address in addresses:
                lost = anyio.Event()
                tasks.start_soon(run, address, lost)
                with anyio.move_on_after(_HEAD_START_SECONDS):
                    await lost.wait()
        for late in winners[1:]:
            await late.aclose()
        if not winners:
            raise errors[0]
        return winners[0]

    def _is_this_machine(self, stream: httpcore.AsyncNetworkStream) -> bool:
        """A machine's own public address leads to services that are meant for itself alone."""
        here, there = stream.get_extra_info("client_addr"), stream.get_extra_info("server_addr")
        if not here or not there or here[0] != there[0]:
            return False
        return not self._guard.opened(ip_address(there[0]))

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: SocketOptions | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefusedError("a socket file is not the web")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class ProxyBackend(httpcore.AsyncNetworkBackend):
    """Connects to the user's proxy, wherever that is; what goes wrong on the way is the proxy's fault."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise httpcore.ProxyError(f"{host}:{port} took no connection ({error})") from error

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


# --- proxies ----------------------------------------------------------------------------------------


def proxies_from_environment() -> tuple[dict[str, str], str | None]:
    """The proxies by scheme (``http``, ``https``, ``all``) and the hosts that go without, from the environment.

    ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` in either case; ``HTTP_PROXY`` is ignored
    under CGI, where a visitor could set it.
    """
    found: dict[str, str] = dict(urllib.request.getproxies_environment().items())
    schemes = [scheme for scheme in found if scheme in {"http", "https", "all"}]
    return {scheme: found[scheme] for scheme in schemes}, found.get("no")


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which proxy an origin is asked through."""

    by_scheme: Mapping[str, str]
    no_proxy: str | None = None

    def choose(self, scheme: str, host: str, port: int) -> str | None:
        """The proxy's URL, or None to ask directly."""
        url = self.by_scheme.get(scheme) or self.by_scheme.get("all")
        if not url or self._bypasses(host.strip("[]"), port):
            return None
        return url

    def _bypasses(self, host: str, port: int) -> bool:
        rules: dict[str, str] = {"no": self.no_proxy} if self.no_proxy else {}
        # It strips a port itself; an IPv6 address has colons that are none.
        name = host if ":" in host else f"{host}:{port}"
        return bool(rules) and bool(urllib.request.proxy_bypass_environment(name, rules))  # type: ignore[attr-defined]

    def check(self) -> None:
        """Raise UsageError for a proxy that cannot be used."""
        for scheme in _PORTS:
            if url := self.by_scheme.get(scheme) or self.by_scheme.get("all"):
                _parse_proxy(url)


def _parse_proxy(url: str) -> httpx.Proxy:
    try:
        proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
    except (ValueError, httpx.InvalidURL) as error:
        raise UsageError(
            f"the proxy {_without_credentials(url)!r} cannot be used: write it like http://proxy.example:3128"
        ) from error
    if proxy.url.scheme not in _PORTS:
        raise UsageError(
            f"the proxy {_without_credentials(url)!r} cannot be used: name one for HTTP, in HTTPS_PROXY and HTTP_PROXY"
        )
    return proxy


def _proxy_pool(url: str, tls: Callable[[], ssl.SSLContext], options: dict[str, Any]) -> _Pool:
    proxy = _parse_proxy(url)
    return httpcore.AsyncHTTPProxy(
        proxy_url=httpcore.URL(
            scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=b"/"
        ),
        proxy_auth=proxy.raw_auth,
        proxy_ssl_context=tls() if proxy.url.scheme == "https" else None,
        network_backend=ProxyBackend(),
        **options,
    )


def _without_credentials(url: str) -> str:
    return url.rpartition("@")[2]


# --- pools ------------------------------------------------------------------------------------------

_Pool = httpcore.AsyncConnectionPool
_Origin = tuple[str, str, int]


@dataclass(slots=True)
class _Entry:
    pool: _Pool
    is_proxied: bool
    in_use: int = 0


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """What a server's certificate is checked against: the bundle that the user names, else certifi's.

    As lenient as browsers are with the form of a certificate, and no more: Python 3.13 began to insist
    on extensions that working sites lack.
    """
    try:
        context = (
            ssl.create_default_context(cafile=ca_bundle)
            if ca_bundle
            else httpx.create_ssl_context(trust_env=False)
        )
    except OSError as error:
        raise UsageError(
            f"SSL_CERT_FILE: {ca_bundle} cannot be used ({error.strerror or error}); name a file of PEM certificates"
        ) from error
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class OriginTransport(httpx.AsyncBaseTransport):
    """One small pool for each origin, the longest unused closed first."""

    def __init__(
        self,
        *,
        guard: Guard,
        resolve: Resolve,
        proxies: Proxies,
        ca_bundle: str | None = None,
        idle_origins: int = _IDLE_ORIGINS,
    ) -> None:
        proxies.check()
        self._backend = GuardedBackend(guard, resolve)
        self._proxies = proxies
        self._idle_origins = idle_origins
        self._tls = tls_context(ca_bundle) if ca_bundle else None
        self._entries: OrderedDict[_Origin, _Entry] = OrderedDict()

    @property
    def names_resolved(self) -> int:
        return len(self._backend.resolved)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        origin = _origin_of(request.url)
        entry = await self._enter(origin)
        try:
            answer = await entry.pool.handle_async_request(_wire_request(request, origin, entry.is_proxied))
        except BaseException:
            entry.in_use -= 1
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Stream(answer.stream, entry),
            extensions=answer.extensions,
        )

    async def _enter(self, origin: _Origin) -> _Entry:
        entry = self._entries.get(origin)
        is_new = entry is None
        if entry is None:
            entry = self._entries[origin] = self._open(origin)
        self._entries.move_to_end(origin)
        entry.in_use += 1
        if is_new and len(self._entries) > self._idle_origins:
            await self._close_idle()
        return entry

    def _open(self, origin: _Origin) -> _Entry:
        options: dict[str, Any] = {
            "ssl_context": self._shared_tls() if origin[0] == "https" else None,
            "max_connections": None,
            "keepalive_expiry": _KEEPALIVE_SECONDS,
        }
        if proxy := self._proxies.choose(*origin):
            return _Entry(_proxy_pool(proxy, self._shared_tls, options), is_proxied=True)
        return _Entry(_Pool(network_backend=self._backend, **options), is_proxied=False)

    def _shared_tls(self) -> ssl.SSLContext:
        """Made once: reading the bundle takes 27 ms."""
        if self._tls is None:
            self._tls = tls_context(None)
        return self._tls

    async def _close_idle(self) -> None:
        idle = [origin for origin, entry in self._entries.items() if not entry.in_use]
        closing = [self._entries.pop(origin) for origin in idle[: max(0, len(idle) - self._idle_origins)]]
        for entry in closing:
            await entry.pool.aclose()

    async def aclose(self) -> None:
        entries = list(self._entries.values())
        self._entries.clear()
        for entry in entries:
            await entry.pool.aclose()


class _Stream(httpx.AsyncByteStream):
    """A body that tells its pool when it is done with."""

    def __init__(self, stream: Any, entry: _Entry) -> None:
        self._stream = stream
        self._entry: _Entry | None = entry

    def __aiter__(self) -> AsyncIterator[bytes]:
        chunks: AsyncIterator[bytes] = aiter(self._stream)
        return chunks

    async def aclose(self) -> None:
        if self._entry is not None:
            self._entry.in_use -= 1
            self._entry = None
        await self._stream.aclose()


def _origin_of(url: httpx.URL) -> _Origin:
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def _wire_request(request: httpx.Request, origin: _Origin, is_proxied: bool) -> httpcore.Request:
    scheme, host, port = origin
    # A proxy gets the whole URL, or host and port, and httpcore puts neither brackets around an IPv6 address
    # nor leaves out the port that goes without saying.
    name = f"[{host}]" if is_proxied and ":" in host else host
    url = httpcore.URL(
        scheme=scheme, host=name, port=None if port == _PORTS[scheme] else port, target=request.url.raw_path
    )
    return httpcore.Request(
        method=request.method,
        url=url,
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )
