"""Connecting: resolve once, judge every address, connect to the one that was judged.

This is the only place where a socket for a link is made, so what the guard says here holds for every hop of every
link, and a name that changes its address between two look-ups gains nothing: the literal that was judged is what
we connect to. TLS checks the certificate against the name all the same.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar

import anyio
import httpx

from enrich.errors import UsageError
from enrich.fetch.address import Guard, is_local_name, literal
from enrich.fetch.faults import AddressRefusedError, NameLookupError
from enrich.fetch.names import RememberedNames, Resolve, alternate

Connect = Callable[[str, int], Awaitable[socket.socket]]
"""An address (no name) and a port to a connected socket that does not block; raises OSError."""

# RFC 8305 section 5: how long the next address waits for the one before it.
HEAD_START_SECONDS = 0.25

_T = TypeVar("_T")


async def connect_address(address: str, port: int) -> socket.socket:
    """A connection to an address."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


class GuardedConnector:
    """Connections to hosts that the guard lets us ask."""

    def __init__(self, guard: Guard, resolve: Resolve, connect: Connect = connect_address) -> None:
        self._guard = guard
        self._names = RememberedNames(resolve)
        self._connect = connect
        self.resolved: set[str] = set()

    async def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """A connected socket. ``timeout`` is for connecting alone: the look-up has no limit but the
        attempt's deadline, since where the first name server is down, every answer takes five seconds.

        Raises NameLookupError, AddressRefusedError, httpx.ConnectError and httpx.ConnectTimeout.
        """
        addresses = await self._allowed(host, port)
        sock = await within(timeout, self._first(addresses, port))
        if self._is_this_machine(sock):
            sock.close()
            raise AddressRefusedError(f"{host} is this machine")
        return sock

    async def _allowed(self, host: str, port: int) -> list[str]:
        """The addresses behind a host that may be asked."""
        found = [str(own)] if (own := literal(host)) else await self._resolved(host, port)
        refusals = {address: self._guard.refusal(ip_address(address), port) for address in found}
        allowed = [address for address, refusal in refusals.items() if refusal is None]
        if not allowed:
            raise AddressRefusedError(f"{host}: {next(iter(refusals.values()), 'no address')}")
        return alternate(allowed)

    async def _resolved(self, host: str, port: int) -> list[str]:
        try:
            found = await self._names.look_up(host, port)
        except OSError as error:
            raise NameLookupError(str(error)) from error
        if not is_local_name(host):
            self.resolved.add(host)
        return list(found)

    async def _first(self, addresses: list[str], port: int) -> socket.socket:
        """The first connection that comes about; a dead address delays the next by a quarter second."""
        if len(addresses) == 1:
            return await self._connect(addresses[0], port)
        winners: list[socket.socket] = []
        errors: list[OSError] = []
        try:
            await self._race(addresses, port, winners, errors)
        except BaseException:
            _close(winners)
            raise
        _close(winners[1:])
        if not winners:
            raise errors[0]
        return winners[0]

    async def _race(
        self, addresses: list[str], port: int, winners: list[socket.socket], errors: list[OSError]
    ) -> None:
        """Connect to one address after the other until one of them takes a connection (RFC 8305 section 5)."""

        async def run(address: str, lost: anyio.Event) -> None:
            try:
                winners.append(await self._connect(address, port))
            except OSError as error:
                errors.append(error)
                lost.set()
            else:
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            for address in addresses:
                lost = anyio.Event()
                tasks.start_soon(run, address, lost)
                with anyio.move_on_after(HEAD_START_SECONDS):
                    await lost.wait()

    def _is_this_machine(self, sock: socket.socket) -> bool:
        """A machine's own public address leads to services that are meant for itself alone."""
        try:
            here, there = sock.getsockname(), sock.getpeername()
        except OSError:  # reset already, which the first write will tell
            return False
        return bool(here[0] == there[0] and not self._guard.opened(ip_address(there[0])))


def _close(socks: list[socket.socket]) -> None:
    for sock in socks:
        sock.close()


async def within(timeout: float | None, connecting: Awaitable[_T]) -> _T:
    """What an attempt to connect gives, in this time (seconds). Raises httpx's errors, with their causes."""
    try:
        with anyio.move_on_after(timeout):
            return await connecting
    except OSError as error:
        # asyncio's frames of a failed handshake know their error: without this a circle that holds 300 KB.
        raise httpx.ConnectError(str(error)) from error.with_traceback(None)
    raise httpx.ConnectTimeout(f"no connection within {timeout} seconds")


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
    context.set_alpn_protocols(["http/1.1"])
    return context
