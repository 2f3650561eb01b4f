"""One connection: a question is written, an answer is read, and the connection goes back as soon as it can.

A plain asyncio protocol, since a stream would copy every body once more and wake its reader for every piece of a head.
The answer belongs to whoever asked; the connection itself is free again with the last byte of the answer, read or
not, so that nobody has to give it back. Bodies come in as fast as they are read: beyond a bound the socket is left
alone until they are.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, Callable, Iterable
from functools import lru_cache
from typing import cast

import httpx

from enrich.fetch.faults import OutOfTimeError
from enrich.fetch.reading import AnswerReader, Headers
from enrich.fetch.tls import Tls

# What may lie unread of one body; a read of asyncio brings up to 256 KiB on top of it.
MOST_UNREAD_BYTES = 64 << 10

# httpx stops here as well; Apache and nginx refuse more than 8 KiB as they come.
_MOST_TARGET_BYTES = 64 << 10

# RFC 9112 sections 3 and 5: nothing in a request line or a header can end it, or the request.
_PROPER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP/1\.1\r\n")
_PROPER_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\x00\r\n]*\r\n)*")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def written(
    method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes | None
) -> bytes:
    """A request as it goes over the wire. Raises httpx.LocalProtocolError for what would not be one request."""
    if len(target) > _MOST_TARGET_BYTES:
        raise httpx.LocalProtocolError("the address is longer than 64 KiB")
    line = b"%b %b HTTP/1.1\r\n" % (method.encode("latin-1", "replace"), target)
    if not _PROPER_LINE.fullmatch(line):
        raise httpx.LocalProtocolError("the address holds what may not stand there")
    head = line + _header_lines(tuple(headers))
    if body is not None or method in _WITH_BODY:
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body or b""), body or b"")
    return head + b"\r\n"


# Every question to an origin says the same.
@lru_cache(maxsize=4096)
def _header_lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    # The count tells a line that was asked for from one that came with a value.
    if lines.count(b"\r\n") != len(headers) or not _PROPER_HEADERS.fullmatch(lines):
        raise httpx.LocalProtocolError("a header holds what may not stand there")
    return lines


class Answer:
    """What a server answered: its status and headers, and its body while it comes in."""

    __slots__ = ("_error", "_read_timeout", "_reader", "_waiter", "_wire", "until")

    def __init__(
        self, wire: Wire, method: str, read_timeout: float | None = None, until: float | None = None
    ) -> None:
        self._wire = wire
        self._reader = AnswerReader(method)
        self._read_timeout = read_timeout
        self.until = until
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def status(self) -> int:
        return self._reader.status

    @property
    def reason(self) -> bytes:
        return self._reader.reason

    @property
    def headers(self) -> Headers:
        return self._reader.headers

    @property
    def is_complete(self) -> bool:
        """Whether all of it has come; then it holds no connection any more."""
        return self._reader.is_complete

    @property
    def is_unanswered(self) -> bool:
        """Whether it ended before the first byte."""
        return self._error is not None and not self._reader.has_begun

    async def head(self) -> None:
        """Wait for status and headers. Whatever goes wrong meanwhile costs the connection."""
        try:
            while not self._reader.status:
                await self._progress()
        except BaseException:
            self.close()
            raise

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes over the wire; raises httpx.RemoteProtocolError and httpx.ReadError."""
        reader = self._reader
        while True:
            if reader.pieces:
                piece = b"".join(reader.pieces)
                reader.pieces.clear()
                if not reader.is_complete:
                    self._wire.resume()
                yield piece
            elif reader.is_complete:
                return
            else:
                await self._progress()

    def close(self) -> None:
        """Take no more of it. Costs the connection unless it is complete."""
        if not self._reader.is_complete:
            self._wire.abort()

    async def aclose(self) -> None:
        self.close()

    async def _progress(self) -> None:
        loop = self._wire.loop
        if self.until is not None and loop.time() >= self.until:
            # Where there is always something to be read, no timer has its turn.
            self.run_out()
        if self._error is not None:
            raise self._error
        waiter = self._waiter = loop.create_future()
        # A timer of the loop: a cancel scope costs five times as much. For ``until`` the connection has one.
        timer = None
        if self.until is None and self._read_timeout is not None:
            timer = loop.call_later(self._read_timeout, self._fall_silent)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def run_out(self) -> None:
        """The time for it is over."""
        self.fail(OutOfTimeError("the answer did not come in time"))

    def _fall_silent(self) -> None:
        self.fail(httpx.ReadTimeout(f"nothing came for {self._read_timeout} seconds"))

    # --- what the connection tells ------------------------------------------------------------------

    def feed(self, data: bytes) -> bool:
        """Take what came in; whether there is more lying here than is read."""
        reader = self._reader
        try:
            reader.feed(data)
        except httpx.RemoteProtocolError as error:
            self.fail(error)
        if reader.status:
            self._wake()
        return not reader.is_complete and sum(map(len, reader.pieces)) > MOST_UNREAD_BYTES

    def end(self, error: Exception | None) -> None:
        """The connection is gone, by an error or by the server's own will."""
        if error is None:
            try:
                self._reader.end()
            except httpx.RemoteProtocolError as early:
                error = early
        elif not self._reader.is_complete:
            read_error = httpx.ReadError(str(error))
            read_error.__cause__ = error
            error = read_error
        if error is not None:
            self.fail(error)
        self._wake()

    def fail(self, error: Exception) -> None:
        if self._error is None and not self._reader.is_complete:
            self._error = error
        self._wake()

    @property
    def has_failed(self) -> bool:
        return self._error is not None

    @property
    def is_reusable(self) -> bool:
        return self._reader.is_reusable

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Wire(asyncio.Protocol):
    """A connection, in use while it has an answer. ``on_free`` takes it back, ``on_lost`` learns that it is gone."""

    __slots__ = (
        *("_alarm", "_answer", "_early", "_handshake", "_is_over", "_is_paused", "_layers", "_transport"),
        *("idle_since", "loop", "on_free", "on_lost", "questions"),
    )

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._early = b""
        # TLS from the outside in: with an origin inside of that with a proxy.
        self._layers: list[Tls] = []
        self._handshake: asyncio.Future[None] | None = None
        self._is_over = False
        self._is_paused = False
        self.questions = 0
        self.idle_since = 0.0
        self.on_free: Callable[[Wire], None] | None = None
        self.on_lost: Callable[[Wire], None] | None = None

    # --- for those who ask --------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return not (self._is_over or self._transport is None or self._transport.is_closing())

    @property
    def transport(self) -> asyncio.Transport:
        assert self._transport is not None, "it was never connected, or is lost"
        return self._transport

    async def secure(self, context: ssl.SSLContext, name: str) -> None:
        """From now on speak through TLS, with who has a certificate for that name; nothing was asked there yet.

        Raises ssl.SSLError, and ConnectionError when the server goes before that is done.
        """
        self._layers.append(Tls(context, name))
        self._handshake = self.loop.create_future()
        try:
            self._open(b"")
            if self._is_over:
                self._end_handshake(ConnectionResetError())
            await self._handshake
        finally:
            self._handshake = None
        self.questions = 0

    def ask(
        self, method: str, request: bytes, read_timeout: float | None = None, until: float | None = None
    ) -> Answer:
        """Write a request; its answer is still to come. ``read_timeout`` is the longest silence, in seconds; without
        it ``until`` says when the whole answer must be there, on the clock of the loop."""
        assert self._answer is None
        self.questions += 1
        answer = self._answer = Answer(self, method, read_timeout, until)
        if until is not None:
            self._wake_at(until)
        if self.is_open:
            self._write(request, len(self._layers))
        early, self._early = self._early, b""
        if early:
            self.data_received(early)
        if self._is_over:
            self._finish(None)
        return answer

    def abort(self) -> None:
        """Close at once: there is nothing left to be written."""
        self._is_over = True
        self._silence()
        self._answer = None
        if self._transport is not None:
            self._transport.abort()

    def resume(self) -> None:
        """What lay here was read; let more come in."""
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()

    # --- the end of its time ------------------------------------------------------------------------

    def _wake_at(self, moment: float) -> None:
        """Look then whether an answer is late. The alarm goes on from one answer to the next, since to set one for each
        and take it back cost 3 µs a link: mostly it rings once in a timeout, and finds a later answer."""
        if self._alarm is not None and self._alarm.when() <= moment:
            return
        self._silence()
        self._alarm = self.loop.call_at(moment, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        answer = self._answer
        if answer is None or answer.until is None:
            return
        if self.loop.time() >= answer.until:
            answer.run_out()
        else:
            self._wake_at(answer.until)

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    # --- for asyncio --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of uvloop are transports by what they do, not by their class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._layers:
            data = self._open(data)
        if data:
            self._take(data)
        if any(tls.is_over for tls in self._layers):
            self.eof_received()
            self.abort()

    def _open(self, data: bytes) -> bytes:
        """What stands in these bytes, under all layers of TLS."""
        for depth, tls in enumerate(self._layers):
            try:
                data = tls.opened(data)
            except ssl.SSLError as error:
                self._write(tls.outgoing(), depth)
                self._end_handshake(error)
                self._finish(error)
                self.abort()
                return b""
            self._write(tls.outgoing(), depth)
        if self._layers[-1].is_ready:
            self._end_handshake(None)
        return data

    def _write(self, data: bytes, depth: int) -> None:
        """Send bytes inside of so many layers of TLS."""
        for tls in reversed(self._layers[:depth]):
            data = tls.sealed(data) if data else data
        if data and self.is_open:
            self.transport.write(data)

    def _end_handshake(self, error: Exception | None) -> None:
        if self._handshake is None or self._handshake.done():
            return
        if error is None:
            self._handshake.set_result(None)
        else:
            self._handshake.set_exception(error)

    def _take(self, data: bytes) -> None:
        answer = self._answer
        if answer is None:
            self._unasked(data)
            return
        is_too_much = answer.feed(data)
        if answer.has_failed:
            self.abort()
        elif answer.is_complete:
            self._free(answer.is_reusable)
        elif is_too_much and not self._is_paused and self.is_open:
            self._is_paused = True
            self.transport.pause_reading()

    def _unasked(self, data: bytes) -> None:
        """Some servers say that they are overloaded before they are asked; on a used connection it is
        none of our answers."""
        self._early += data
        if self.questions or len(self._early) > MOST_UNREAD_BYTES:
            self.abort()

    def eof_received(self) -> None:
        self._is_over = True
        self._end_handshake(ConnectionResetError())
        self._finish(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._is_over = True
        self._silence()
        self._end_handshake(error or ConnectionResetError())
        self._finish(error)
        if self.on_lost is not None:
            self.on_lost(self)
        self._transport = self.on_free = self.on_lost = None

    def _finish(self, error: Exception | None) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.end(error)

    def _free(self, is_reusable: bool) -> None:
        self._answer = None
        if not is_reusable or not self.is_open:
            self.abort()
            return
        self.resume()
        if self.on_free is not None:
            self.on_free(self)
