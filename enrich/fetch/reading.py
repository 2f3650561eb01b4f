"""The bytes of one answer, read as HTTP/1.1: where its head ends, how its body is framed, when it is over. Pure.

The parser is httptools (llhttp, as Node uses it): 4 µs for a usual head against 40 µs for h11, which is pure Python
and would alone cost half of what lychee spends on a whole link. llhttp is stricter than the web, though. So a head
that it refuses is mended where h11, and so httpx, would have read on (folded lines, bare line feeds, the same
Content-Length twice) and read again; and where it is laxer than h11, we refuse: of Transfer-Encoding only `chunked`
is known, and a head begins with `HTTP/`. One parser reads one answer: what a server adds after the end never reaches
the next question, since the connection is closed then.
"""

from __future__ import annotations

import re

import httptools
import httpx

from enrich.fetch.faults import HeadersTooLargeError

# What httpcore takes as well; Node takes 16 KiB, Chromium 256, curl 300, Firefox 384.
MOST_HEAD_BYTES = 100 << 10

_BLANK_LINE = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
_FORBIDDEN = re.compile(rb"[\0\v\f]")
_EMPTY_LINES = re.compile(rb"\n\r?\n[\r\n]+\Z")
_BEGINNING = b"HTTP/"
_NO_BODY = frozenset({204, 304})

Headers = list[tuple[bytes, bytes]]


class _Message:
    """What httptools tells of one message: its head, and the body where that comes in chunks."""

    __slots__ = ("has_surplus", "headers", "is_headed", "is_over", "parser", "pieces")

    def __init__(self) -> None:
        self.headers: Headers = []
        self.pieces: list[bytes] = []
        self.is_headed = False
        self.is_over = False
        self.has_surplus = False
        self.parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        self.has_surplus = self.is_over

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.is_headed:  # later ones are trailers, which nobody here wants
            self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.is_headed = True

    def on_body(self, piece: bytes) -> None:
        if not self.is_over:
            self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.is_over = True

    def forget(self) -> None:
        """Part with the parser: the two know each other, and would be garbage to collect for every answer."""
        self.parser = None


class AnswerReader:
    """Reads one answer from pieces of any size; the result does not depend on where they were cut.

    `feed` and `end` raise httpx.RemoteProtocolError for what is not HTTP. ``status`` is 0 until the head is
    there; ``pieces`` are those of the body, to be taken away by whoever reads it.
    """

    __slots__ = (
        *("_chunked", "_head_bytes", "_held", "_left", "_method", "_without_body"),
        *("headers", "is_complete", "is_reusable", "pieces", "reason", "status"),
    )

    def __init__(self, method: str) -> None:
        self._method = method
        self._held = bytearray()
        self._head_bytes = 0
        self._without_body = 0
        self._left: int | None = 0
        self._chunked: _Message | None = None
        self.status = 0
        self.reason = b""
        self.headers: Headers = []
        self.pieces: list[bytes] = []
        self.is_complete = False
        self.is_reusable = False

    @property
    def has_begun(self) -> bool:
        """Whether anything came at all."""
        return bool(self.status or self._held or self._head_bytes)

    def feed(self, data: bytes) -> None:
        """Take what came over the wire."""
        if not self.status:
            data = self._feed_head(data)
        if self.is_complete:
            self.is_reusable = self.is_reusable and not data
        elif self._chunked is not None:
            self._feed_chunks(self._chunked, data)
        elif data and self.status:
            self._feed_body(data)

    def end(self) -> None:
        """The server has closed: the end of a body of unknown length, and of any other too early."""
        if self._left is None:
            self._finish()
        elif not self.has_begun:
            raise httpx.RemoteProtocolError("the server closed the connection without an answer")
        elif not self.status:
            raise httpx.RemoteProtocolError("the server closed the connection within the headers")
        elif not self.is_complete:
            raise httpx.RemoteProtocolError("the server closed the connection within the body")

    # --- the head -----------------------------------------------------------------------------------

    def _feed_head(self, data: bytes) -> bytes:
        """Read heads until that of the answer itself is there; returns what follows it."""
        searched = max(0, len(self._held) - 2)
        self._held += data
        while not self.status:
            if not _BEGINNING.startswith(self._held[:5]):
                raise httpx.RemoteProtocolError(f"no status line ({bytes(self._held[:40])!r})")
            blank = _BLANK_LINE.search(self._held, searched)
            size = blank.end() if blank else len(self._held)
            if size > MOST_HEAD_BYTES:
                raise HeadersTooLargeError("the headers are too large")
            if self._head_bytes + size > MOST_HEAD_BYTES:
                raise httpx.RemoteProtocolError("interim answers without end")
            if blank is None:
                return b""
            self._head_bytes += size
            searched = 0
            block = bytes(self._held[:size])
            del self._held[:size]
            self._read_head(block)
        rest = bytes(self._held)
        self._held.clear()
        return rest

    def _read_head(self, block: bytes) -> None:
        message = _message_of(block)
        assert message.parser is not None
        status = message.parser.get_status_code()
        # RFC 9110 section 15.2: an interim answer may come unasked, and the real one follows.
        if 100 <= status < 200 and status != 101:
            return
        if status < 102:
            raise httpx.RemoteProtocolError(f"status {status} was not asked for")
        self.status = status
        self.reason = block[13 : block.index(b"\n")].rstrip()
        self.headers = message.headers
        self._frame(message, block[5:8])

    def _frame(self, message: _Message, version: bytes) -> None:
        """How long the body is (RFC 9112 section 6.3), and whether the connection can be used again after it."""
        found: dict[bytes, list[bytes]] = {}
        for name, value in message.headers:
            if (lower := name.lower()) in _FRAMING:
                found.setdefault(lower, []).append(value.lower())
        codings = found.get(b"transfer-encoding", [])
        if codings not in ([], [b"chunked"]):
            raise httpx.RemoteProtocolError("only the transfer coding `chunked` is understood")
        has_length = b"content-length" in found
        # Both at once are a sign of smuggling (RFC 9112 section 6.1): `chunked` counts, and then we part.
        self.is_reusable = _stays_open(version, found) and not (codings and has_length)
        self.pieces = message.pieces
        if self._method == "CONNECT" and 200 <= self.status < 300:
            # From here on it is a tunnel, whatever the head says (RFC 9110 section 9.3.6).
            self.is_reusable = True
            self._finish()
        elif self._method == "HEAD" or self.status in _NO_BODY or message.is_over:
            self._finish()
        elif codings:
            self._chunked = message
            return
        elif has_length:
            self._left = int(found[b"content-length"][0])
        else:
            self.is_reusable, self._left = False, None
        message.forget()

    # --- the body -----------------------------------------------------------------------------------

    def _feed_body(self, data: bytes) -> None:
        """Take bytes of a body whose length is known, or that ends with the connection."""
        if self._left is None:
            self.pieces.append(data)
            return
        self.pieces.append(data[: self._left])
        self.is_reusable = self.is_reusable and len(data) <= self._left
        self._left = max(0, self._left - len(data))
        if not self._left:
            self._finish()

    def _feed_chunks(self, message: _Message, data: bytes) -> None:
        assert message.parser is not None
        before = len(message.pieces)
        try:
            message.parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not message.is_over:
                raise httpx.RemoteProtocolError(f"the body is not properly chunked ({error})") from error
            message.has_surplus = True
        if message.is_over:
            # The parser takes empty lines behind the end for nothing.
            has_surplus = message.has_surplus or _EMPTY_LINES.search(data[-6:])
            self.is_reusable = self.is_reusable and not has_surplus
            message.forget()
            self._finish()
        elif len(message.pieces) > before:
            self._without_body = 0
        else:
            # Trailers and extensions of chunks have no other bound, and the parser gathers the former.
            self._without_body += len(data)
            if self._without_body > MOST_HEAD_BYTES:
                raise HeadersTooLargeError("the trailers are too large")

    def _finish(self) -> None:
        self.is_complete = True
        self._left, self._chunked = 0, None


_FRAMING = frozenset({b"transfer-encoding", b"content-length", b"connection"})


def _stays_open(version: bytes, found: dict[bytes, list[bytes]]) -> bool:
    """Whether the server keeps the connection (RFC 9112 section 9.3)."""
    options = {each.strip() for value in found.get(b"connection", ()) for each in value.split(b",")}
    # HTTP/1.0 has no reliable way to say so, and proxies that copy `keep-alive` unread.
    return b"close" not in options and version >= b"1.1"


def _message_of(block: bytes) -> _Message:
    """One head, read; mended first if it must be. Raises httpx.RemoteProtocolError."""
    try:
        return _parsed(block, is_mended=False)
    except httptools.HttpParserUpgrade as error:
        raise httpx.RemoteProtocolError("another protocol, which nobody asked for") from error
    except httptools.HttpParserError as error:
        mended = _mended(block)
        try:
            return _parsed(mended, is_mended=True)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            raise httpx.RemoteProtocolError(f"the headers cannot be read ({error})") from error


def _parsed(block: bytes, is_mended: bool) -> _Message:
    if _FORBIDDEN.search(block):
        raise httptools.HttpParserError("a zero byte, or blanks that are none")
    message = _Message()
    assert message.parser is not None
    message.parser.set_dangerous_leniencies(
        lenient_version=True,
        # Transfer-Encoding beside Content-Length, and what comes after `Connection: close`: see `_frame`.
        lenient_chunked_length=True,
        lenient_data_after_close=True,
        lenient_spaces_after_chunk_size=True,
        lenient_headers=is_mended,
        lenient_optional_cr_before_lf=is_mended,
    )
    message.parser.feed_data(block)
    if not message.is_headed:
        raise httptools.HttpParserError("the head is not complete")
    return message


def _mended(block: bytes) -> bytes:
    """A head as h11 reads it: folded lines are one line, and the same length twice is said once.

    Raises httpx.RemoteProtocolError where it refuses as well.
    """
    first_line, _, rest = block.partition(b"\n")
    if rest[:1] in (b" ", b"\t") or _FORBIDDEN.search(block):
        raise httpx.RemoteProtocolError("the headers begin with a continuation, or hold what they may not")
    lines = _FOLD.sub(b" ", rest).split(b"\n")
    places = [at for at, line in enumerate(lines) if line[:15].lower() == b"content-length:"]
    lengths = {each.strip() for at in places for each in lines[at][15:].split(b",")}
    if len(lengths) > 1:
        raise httpx.RemoteProtocolError("conflicting Content-Length headers")
    for at in places:
        lines[at] = b"Content-Length: %b\r" % min(lengths)
    return b"\n".join([first_line, *(line for at, line in enumerate(lines) if at not in places[1:])])
