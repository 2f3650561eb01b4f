"""Reading a body within bounds, whatever the server sends.

httpx decodes without an output limit: 1.8 KB of gzip in gzip become 1 GiB in one chunk, before any reader
can count. So only gzip is asked for, raw bytes are taken, and the decoder here stops at the cap inside a
chunk. A body that is cut is still a body: what people look for stands at its beginning.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Protocol

import anyio
import httpx

from enrich.fetch.hops import location_of
from enrich.fetch.reading import Headers
from enrich.model import Request, Response

# What may come over the wire for one body, unless a request asks for a larger one.
MIN_WIRE_BYTES = 2 << 20

# An unwanted body up to this size is read, since that keeps the connection; a longer one closes it.
DRAIN_BYTES = 64 << 10

# A body nobody wants is read for this long at most, for the sake of the connection.
_DRAIN_SECONDS = 1.0

_STEP_BYTES = 64 << 10
_GZIP_MAGIC = b"\x1f\x8b"
_MAGIC_BYTES = 2

# zlib's window parameter for each coding. Without a window nothing is decoded.
_GZIP, _ZLIB, _BARE = 31, 15, -15
_WINDOWS: dict[str, tuple[int, ...]] = {
    "": (),
    "identity": (),
    "gzip": (_GZIP,),
    "x-gzip": (_GZIP,),
    "deflate": (_ZLIB, _BARE),
}


def wire_cap(max_body_bytes: int) -> int:
    """How many bytes may be read from the wire for a body of at most this many decoded bytes."""
    return max(MIN_WIRE_BYTES, max_body_bytes // 2)


def is_wanted(content_type: str, body_types: tuple[str, ...] | None) -> bool:
    """Whether a media type begins like one of those asked for. An absent type may be anything."""
    kind = content_type.strip().lower()
    return body_types is None or not kind or kind.startswith(tuple(each.lower() for each in body_types))


@dataclass(slots=True)
class _Decoder:
    """One content coding, decoded in steps that never exceed the cap by more than the byte that shows it."""

    windows: tuple[int, ...]
    cap: int
    out: bytearray = field(default_factory=bytearray)
    broken: bool = False
    _held: bytes = b""
    _inflater: zlib._Decompress | None = None
    _between: bool = False
    _finished: bool = False

    def feed(self, raw: bytes) -> None:
        raw, self._held = self._held + raw, b""
        while raw and not (self.is_full or self.broken or self._finished):
            if self.windows and self._inflater is None and len(raw) < _MAGIC_BYTES:
                self._held = raw
                return
            raw = self._step(raw)

    def _step(self, raw: bytes) -> bytes:
        """Decode a part of ``raw`` and return what is left of it."""
        room = self.cap + 1 - len(self.out)
        if not self.windows:
            self.out += raw[:room]
            return b""
        # A gzip body may hold several members (RFC 1952 section 2.2); anything else after the end is ignored.
        if self._between and not (self.windows == (_GZIP,) and raw.startswith(_GZIP_MAGIC)):
            self._finished = True
            return b""
        inflater = self._inflater or zlib.decompressobj(_window(self.windows, raw))
        self._inflater, self._between = inflater, False
        try:
            self.out += inflater.decompress(raw, min(_STEP_BYTES, room))
        except zlib.error:
            self.broken = True
            return b""
        if not inflater.eof:
            return inflater.unconsumed_tail
        self._inflater, self._between = None, True
        return inflater.unused_data

    @property
    def is_full(self) -> bool:
        return len(self.out) > self.cap

    @property
    def is_complete(self) -> bool:
        """Whether the body, as far as it was fed, is whole."""
        is_torn = self._inflater is not None or (bool(self._held) and not self._between)
        return not (is_torn or self.broken or self.is_full)


def _window(windows: tuple[int, ...], raw: bytes) -> int:
    """`deflate` comes with and without the zlib wrapper; its first two bytes tell (RFC 1950 section 2.2)."""
    if windows[0] != _ZLIB:
        return windows[0]
    is_wrapped = raw[0] & 15 == 8 and int.from_bytes(raw[:2], "big") % 31 == 0
    return _ZLIB if is_wrapped else _BARE


def is_readable(content_encoding: str) -> bool:
    """Whether a content coding is one that we decode; stacked ones (`gzip, gzip`) are not."""
    return content_encoding.strip().lower() in _WINDOWS


async def read_body(
    chunks: AsyncIterator[bytes], content_encoding: str, max_body_bytes: int
) -> tuple[bytes, bool]:
    """The decoded body and whether it was cut: at the cap, at the wire's cap, or where decoding failed.

    ``chunks`` are raw bytes; reading stops as soon as the rest cannot change the result.
    """
    decoder = _Decoder(_WINDOWS[content_encoding.strip().lower()], max_body_bytes)
    room = wire_cap(max_body_bytes)
    async for chunk in chunks:
        decoder.feed(chunk[:room])
        if decoder.is_full or decoder.broken or len(chunk) > room:
            return bytes(decoder.out[:max_body_bytes]), True
        room -= len(chunk)
    return bytes(decoder.out), not decoder.is_complete


async def drain(chunks: AsyncIterator[bytes]) -> bool:
    """Read an unwanted body, if it is short; whether its end was reached."""
    room = DRAIN_BYTES
    async for chunk in chunks:
        room -= len(chunk)
        if room < 0:
            return False
    return True


# --- as much as is wanted ---------------------------------------------------------------------------


class Answered(Protocol):
    """An answer whose body may still be coming in."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to be closed."""

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body's raw bytes."""

    async def aclose(self) -> None: ...


async def read_wanted(request: Request, answer: Response, answered: Answered) -> tuple[bytes, bool]:
    """The body of an answer as far as the request wants it, and whether it was cut."""
    if request.method == "HEAD":
        if not answered.is_complete:
            await _discard(answered)
        return b"", False
    coding = answer.headers.get("content-encoding", "")
    is_redirect = location_of(answer) is not None
    wanted = is_wanted(answer.headers.get("content-type", ""), request.body_types)
    if is_redirect or not wanted or not is_readable(coding):
        if not (answered.is_complete or _is_known_to_be_long(answer)):
            await _discard(answered)
        return b"", wanted and not is_redirect
    async with aclosing(answered.chunks()) as chunks:
        return await read_body(chunks, coding, request.max_body_bytes)


def _is_known_to_be_long(answer: Response) -> bool:
    """Whether an answer says itself that its body is too long to be read for the sake of the connection."""
    length = answer.headers.get("content-length", "").strip()
    return length.isdecimal() and int(length[:20]) > DRAIN_BYTES


async def _discard(answered: Answered) -> None:
    """Read a short body to its end, so that the connection can be used again; leave a long or slow one.

    Whatever goes wrong meanwhile costs the connection and nothing else: the answer is known.
    """
    with anyio.move_on_after(_DRAIN_SECONDS), suppress(httpx.HTTPError, OSError):
        async with aclosing(answered.chunks()) as chunks:
            await drain(chunks)
